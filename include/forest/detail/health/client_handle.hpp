// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_DETAIL_HEALTH_CLIENT_HANDLE_HPP
#define FOREST_DETAIL_HEALTH_CLIENT_HANDLE_HPP

#include <forest/core/detail/container/unique_function.hpp>
#include <forest/core/event.hpp>
#include <forest/core/outage.hpp>
#include <forest/core/url.hpp>
#include <forest/form.hpp>

#include <memory>

// The members of a client that do not depend on its policies.

namespace forest::inline FOREST_FORM::detail {

class health_control;

/// Owns the loop of a client. basic_health_client documents the members.
class client_handle {
public:
    explicit client_handle(std::shared_ptr<health_control> loop) noexcept;
    client_handle(client_handle&& other) noexcept;
    client_handle& operator=(client_handle&& other) noexcept;

    /// Stops the loop, and reports no event.
    ~client_handle();

    void on_server_down(unique_function<void(const outage&)>&& callback);
    void on_server_up(unique_function<void(const outage&)>&& callback);
    void on_event(unique_function<void(const event&)>&& callback);
    void on_unheard(unique_function<void(const event&)>&& callback);
    void start();
    void stop();
    [[nodiscard]] bool stopped() const;
    [[nodiscard]] target_status status() const noexcept;
    [[nodiscard]] const url& target() const noexcept;

private:
    std::shared_ptr<health_control> loop_;
};

} // namespace forest::inline FOREST_FORM::detail

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/detail/health/impl/client_handle.ipp>
#endif

#endif
