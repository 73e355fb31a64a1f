// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_POSIX_IMPL_GETADDRINFO_RESOLVER_IPP
#define FOREST_ADAPTERS_POSIX_IMPL_GETADDRINFO_RESOLVER_IPP

#include <forest/adapters/posix/getaddrinfo_resolver.hpp>

namespace forest::inline FOREST_FORM {

FOREST_DECL FOREST_COLD errc resolve_error(int code, int error) noexcept {
    switch (code) {
    case EAI_NONAME:
#if defined(EAI_NODATA)
    case EAI_NODATA:
#endif
#if defined(EAI_ADDRFAMILY)
    case EAI_ADDRFAMILY:
#endif
#if defined(EAI_IDN_ENCODE)
    case EAI_IDN_ENCODE:
#endif
        return errc::resolve_failed;
    case EAI_MEMORY: return errc::local_resources_exhausted;
    case EAI_SYSTEM:
        for (const int each : {EMFILE, ENFILE, ENOBUFS, ENOMEM})
            if (error == each)
                return errc::local_resources_exhausted;
        return errc::resolver_unavailable;
    default: return errc::resolver_unavailable; // EAI_AGAIN and EAI_FAIL mostly
    }
}

FOREST_DECL FOREST_COLD getaddrinfo_resolver::getaddrinfo_resolver(const resolver_limits& limits,
                                                                   std::string hosts)
    : hosts_{std::move(hosts)},
      threads_{detail::lookup_threads::begin(
          this, &deliver, limits.lookups_max + limits.hanging_max + limits.local_max)} {}

FOREST_DECL FOREST_COLD getaddrinfo_resolver::~getaddrinfo_resolver() {
    threads_->end([](void* context) { delete static_cast<lookup*>(context); });
}

FOREST_DECL FOREST_COLD void getaddrinfo_resolver::deliver(void*,
                                                           detail::lookup_job& ended) noexcept {
    const detail::owner<lookup> handler{static_cast<lookup*>(ended.context)};
    distinct_addresses addresses;
    resolution result;
    try {
        if (ended.code != 0)
            result.error = ended.lacks_descriptor ? errc::local_resources_exhausted
                                                  : resolve_error(ended.code, ended.error);
        for (const addrinfo* each = ended.code == 0 ? ended.found : nullptr; each != nullptr;
             each = each->ai_next) {
            if (const auto found = address_of(*each->ai_addr))
                addresses.add(*found);
        }
        if (ended.code == 0 && addresses.all().empty())
            result.error = errc::resolve_failed;
    } catch (const std::bad_alloc&) {
        result.error = errc::local_resources_exhausted;
    }
    if (!result.error)
        result.addresses = addresses.all();
    (*handler)(result);
}

} // namespace forest::inline FOREST_FORM

#endif
