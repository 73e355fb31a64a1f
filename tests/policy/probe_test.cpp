// SPDX-License-Identifier: BSL-1.0
#include <forest/policy/probe.hpp>

#include <archetypes/probe.hpp>
#include <archetypes/transport.hpp>

#include <forest/policy/transport.hpp>

#include <boost/test/unit_test.hpp>

using namespace forest;

namespace {

struct posting_probe : tests::probe_archetype {
    static constexpr transport_abilities needs{.methods = true, .bodies = true};
};

struct capable_transport : tests::transport_archetype {
    static constexpr transport_abilities abilities{.methods = true, .bodies = true};
};

// Each has exactly one member of the other kind.
struct without_judge {
    void prepare(request&) const;
};
struct without_prepare {
    verdict judge(const reply&, wall_time) const noexcept;
};
struct changing {
    void prepare(request&);
    verdict judge(const reply&, wall_time) const noexcept;
};
struct throwing {
    void prepare(request&) const;
    verdict judge(const reply&, wall_time) const;
};

} // namespace

BOOST_AUTO_TEST_SUITE(probe_test)

BOOST_AUTO_TEST_CASE(the_concept_asks_for_its_members_and_no_more) {
    static_assert(probe<tests::probe_archetype>);
    static_assert(!probe<without_judge> && !probe<without_prepare>);
    static_assert(!probe<changing> && !probe<throwing>);
}

BOOST_AUTO_TEST_CASE(B24_a_type_without_a_constant_needs_and_can_do_no_more_than_a_get) {
    static_assert(!needs_of<tests::probe_archetype>.methods);
    static_assert(!needs_of<tests::probe_archetype>.bodies);
    static_assert(!needs_of<tests::probe_archetype>.trailers);
    static_assert(!abilities_of<tests::transport_archetype>.methods);
    static_assert(!abilities_of<tests::transport_archetype>.bodies);
    static_assert(!abilities_of<tests::transport_archetype>.trailers);
}

BOOST_AUTO_TEST_CASE(B24_a_constant_says_what_a_probe_needs_and_a_transport_can_do) {
    static_assert(needs_of<posting_probe>.methods && needs_of<posting_probe>.bodies);
    static_assert(!needs_of<posting_probe>.trailers);
    static_assert(abilities_of<capable_transport>.bodies);
    static_assert(detail::probe_fits<posting_probe, capable_transport>::value);
}

BOOST_AUTO_TEST_SUITE_END()
