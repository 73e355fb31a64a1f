# What the reference shows instead of what the compiler needs.
s/namespace forest::inline FOREST_FORM/namespace forest/
s/namespace forest::any_form/namespace forest/
s/namespace forest::\([a-z:]*\)::inline FOREST_FORM/namespace forest::\1/
s/\[\[no_unique_address\]\] *//
s/\[\[nodiscard\]\] *//
