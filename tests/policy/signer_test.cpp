// SPDX-License-Identifier: BSL-1.0
#include <forest/policy/signer.hpp>

#include <archetypes/backoff.hpp>
#include <archetypes/signer.hpp>

#include <boost/test/unit_test.hpp>

#include <concepts>
#include <type_traits>

namespace {

using namespace forest;

static_assert(signer<tests::signer_archetype>);
static_assert(!std::default_initializable<tests::signer_archetype>);
static_assert(!std::copy_constructible<tests::signer_archetype>);
static_assert(signer<unsigned_requests>);
static_assert(std::is_empty_v<unsigned_requests>, "not signing costs nothing");

struct without_sign {};
static_assert(!signer<without_sign>, "nothing would prove who asks");

struct misspelt {
    void signs(const request&, wall_time, header_fields&);
};
static_assert(!signer<misspelt>, "a misspelt operation must not be ignored in silence");

struct with_a_clock_of_its_own {
    void sign(const request&, header_fields&);
};
static_assert(!signer<with_a_clock_of_its_own>, "the time comes from the client's clock");

struct on_the_steady_clock {
    void sign(const request&, steady_time, header_fields&);
};
static_assert(!signer<on_the_steady_clock>, "a signature carries the time of day");

struct on_a_copy {
    void sign(const request&, wall_time, header_fields);
};
static_assert(signer<on_a_copy>, "the concept cannot see that the fields are lost");

struct changing_the_request {
    void sign(request&, wall_time, header_fields&);
};
static_assert(!signer<changing_the_request>, "a signer adds fields and nothing else");

struct answering {
    bool sign(const request&, wall_time, header_fields&) const;
};
static_assert(signer<answering>, "the answer is ignored");

struct immovable {
    immovable(immovable&&) = delete;
    void sign(const request&, wall_time, header_fields&);
};
static_assert(!signer<immovable>, "a client takes its signer by value");

static_assert(!signer<tests::backoff_archetype>);

BOOST_AUTO_TEST_SUITE(signer_test)

BOOST_AUTO_TEST_CASE(unsigned_requests_adds_nothing) {
    header_fields fields;
    unsigned_requests{}.sign(request{url{"http://localhost/"}, {}, {}}, wall_time{}, fields);
    BOOST_TEST(fields.text().empty());
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace
