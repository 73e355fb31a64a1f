// SPDX-License-Identifier: BSL-1.0

// A client in a program whose main thread runs GLib's main loop, like programs with GTK. The client
// polls on a thread in the background, and its events are passed to the main thread. The outage is
// real: this program stops a server of its own.

#include <forest/forest.hpp>

#include <glib.h>

#include <chrono>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>

using namespace std::chrono_literals;

// Calls the function on the thread that runs the main loop of `context`; null is the default one.
// May be called from any thread. Functions are called in the order of these calls.
void call_on_main_loop(GMainContext* context, std::function<void()> function) {
    const auto call = [](gpointer data) -> gboolean {
        (*static_cast<std::function<void()>*>(data))();
        return G_SOURCE_REMOVE;
    };
    const auto destroy = [](gpointer data) { delete static_cast<std::function<void()>*>(data); };
    GSource* const source = g_idle_source_new();
    g_source_set_priority(source, G_PRIORITY_DEFAULT);
    g_source_set_callback(source, call, new std::function{std::move(function)}, destroy);
    g_source_attach(source, context);
    g_source_unref(source);
}

// Only the main thread uses it.
struct window {
    std::thread::id main_thread = std::this_thread::get_id();
    std::string status = "as far as we know, all is well";
    bool right_thread = true;

    void show(std::string text) {
        right_thread = right_thread && std::this_thread::get_id() == main_thread;
        status = std::move(text);
        std::cout << status << '\n';
    }
};

int main() {
    constexpr std::string_view secret = "my-secret";
    GMainLoop* const loop = g_main_loop_new(nullptr, FALSE);
    window main_window;

    forest::background background;
    forest::asio_server server{background.get_executor()};
    forest::health_route route{server, forest::hmac_sha256_verifier{secret}};
    if (const std::error_code ec = server.listen("127.0.0.1", 0)) {
        std::cerr << ec.message() << '\n';
        return EXIT_FAILURE;
    }

    {
        forest::health_client client{background.get_executor(),
                                     server.endpoints().front() + route.path(),
                                     secret,
                                     {.interval = 20ms, .timeout = 5s}};
        // The outage is copied, because the argument lives only as long as the call.
        client.on_server_down([&](const forest::outage& outage) {
            call_on_main_loop(nullptr, [&, outage] {
                main_window.show("down: " + std::string{forest::name(outage.last_error)});
                g_main_loop_quit(loop);
            });
        });
        client.on_event([&](const forest::event& happened) {
            if (happened.kind == forest::event_kind::check_succeeded)
                server.stop(0s); // The outage of this example.
        });
        client.start();
        g_main_loop_run(loop);
    } // No callback runs any more, but earlier calls may still wait in the main loop:
    while (g_main_context_iteration(nullptr, FALSE))
        ;
    g_main_loop_unref(loop);
    return main_window.right_thread && main_window.status.starts_with("down: ") ? EXIT_SUCCESS
                                                                                : EXIT_FAILURE;
}
