// SPDX-License-Identifier: BSL-1.0
// The button for light and dark, beside the search.
DoxygenAwesomeDarkModeToggle.init();
