// SPDX-License-Identifier: BSL-1.0
#include <forest/policy/resolver.hpp>

#include <forest/core/error.hpp>

#include <archetypes/resolver.hpp>
#include <archetypes/signer.hpp>

#include <boost/test/unit_test.hpp>

#include <concepts>
#include <functional>
#include <string>
#include <string_view>

namespace {

using namespace forest;

static_assert(resolver<tests::resolver_archetype>);
static_assert(!std::move_constructible<tests::resolver_archetype>);
static_assert(!local_resolver<tests::resolver_archetype>, "which is optional");
static_assert(!resolver<tests::signer_archetype>);

struct blocking {
    resolution async_resolve(std::string_view);
};
static_assert(!resolver<blocking>, "nobody waits for a name");

struct without_a_name {
    void async_resolve(std::function<void(const resolution&)>);
};
static_assert(!resolver<without_a_name>);

struct for_strings {
    void async_resolve(const std::string&, std::function<void(const resolution&)>);
};
static_assert(!resolver<for_strings>, "names are views, so that asking allocates nothing");

struct erased {
    void async_resolve(std::string_view, std::function<void(const resolution&)>);
};
static_assert(resolver<erased>, "a model need not be a template");

struct by_value {
    void async_resolve(std::string_view, std::function<void(resolution)>);
};
static_assert(resolver<by_value>);

struct constant {
    void async_resolve(std::string_view, std::function<void(const resolution&)>) const;
};
static_assert(resolver<constant>);

class immortal {
public:
    void async_resolve(std::string_view, std::function<void(const resolution&)>);

private:
    ~immortal();
};
static_assert(!resolver<immortal>, "its end is what ends its threads");

struct local : erased {
    bool answers_locally(std::string_view) noexcept;
};
static_assert(local_resolver<local>);

struct throwing : erased {
    bool answers_locally(std::string_view);
};
static_assert(!local_resolver<throwing>, "the question is asked under a lock");

struct counting : erased {
    int answers_locally(std::string_view) noexcept;
};
static_assert(!local_resolver<counting>);

BOOST_AUTO_TEST_SUITE(resolver_test)

BOOST_AUTO_TEST_CASE(a_resolution_says_nothing_that_it_was_not_given) {
    const resolution nothing;
    BOOST_TEST(!nothing.error);
    BOOST_TEST(nothing.addresses.empty());
    BOOST_TEST(!nothing.lifetime.has_value());
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace
