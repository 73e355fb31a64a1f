// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_TESTS_SIM_CONFORMANCE_BROKEN_MODELS_HPP
#define FOREST_TESTS_SIM_CONFORMANCE_BROKEN_MODELS_HPP

#include <sim/conformance/broken_clock.hpp>
#include <sim/conformance/broken_resolver.hpp>
#include <sim/conformance/broken_server.hpp>
#include <sim/conformance/broken_transport.hpp>
#include <sim/conformance/fault_of_a_model.hpp>

#include <forest/core/fields.hpp>
#include <forest/core/time.hpp>
#include <forest/policy/transport.hpp>
#include <forest/sim/conformance/conformance.hpp>
#include <forest/sim/network/quick_signer.hpp>

#include <cstdint>
#include <iostream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

// A broken model of each policy, and the list of all faults.

namespace forest::tests {

/// A signer with a single fault.
class broken_signer {
public:
    broken_signer(std::string_view secret, const fault_of_a_model& fault)
        : secret_{secret}, fault_{fault}, number_{++made_} {}

    broken_signer(const broken_signer& other)
        : secret_{other.secret_}, fault_{other.fault_}, number_{other.number_}, copied_{true} {}

    void sign(const request& sent, wall_time now, header_fields& fields) {
        if (fault_.is("signer.threw") && now == wall_time{})
            throw std::out_of_range{"the epoch"};
        if (fault_.is("signer.secret_told"))
            throw std::runtime_error{"cannot sign with " + secret_};
        if (fault_.is("signer.fields_changed"))
            fields.clear();
        std::string salt = secret_;
        if (fault_.is("signer.depends_on_history"))
            salt += std::to_string(++signed_);
        if (fault_.is("signer.objects_differ"))
            salt += std::to_string(number_);
        if (fault_.is("signer.copy_differs") && copied_)
            salt += "a copy";
        sim::quick_signer{salt}.sign(sent, now, fields);
        const std::string signature{field_view{fields.text()}.find("X_SIGNATURE").value_or("")};
        if (fault_.is("signer.reserved_field"))
            (void)fields.add("host", "conformance.example");
        if (fault_.is("signer.reserved_field", 1))
            (void)fields.add("x_signature", signature);
        if (fault_.is("signer.secret_sent"))
            (void)fields.add("Authorization", "Bearer " + secret_);
        if (fault_.is("signer.secret_sent", 1))
            (void)fields.add("X-Key", sim::conformance::detail::hex(secret_));
        if (fault_.is("signer.secret_sent", 2))
            (void)fields.add("Authorization",
                             "Basic " + sim::conformance::detail::base64("user:" + secret_));
        if (fault_.is("signer.secret_printed"))
            std::clog << "signed: " << signature << '\n';
        if (fault_.is("signer.secret_printed", 1))
            std::cout << "signing with " << secret_ << '\n';
    }

private:
    inline static int made_ = 0;

    std::string secret_;
    fault_of_a_model fault_;
    int number_;
    bool copied_ = false;
    int signed_ = 0;
};

/// A backoff with a single fault.
class broken_backoff {
public:
    explicit broken_backoff(const fault_of_a_model& fault) : fault_{fault} {}

    broken_backoff(const broken_backoff& other) : fault_{other.fault_}, copied_{true} {}

    duration operator()(int failures, duration interval) const {
        if (fault_.is("backoff.threw") && failures > 100'000)
            throw std::overflow_error{"too many failures"};
        if (fault_.is("backoff.depends_on_history"))
            return duration{++asked_};
        if (fault_.is("backoff.copy_differs") && copied_)
            return duration{1};
        if (fault_.is("backoff.not_positive"))
            return interval / failures;
        if (fault_.is("backoff.not_positive", 1)) { // Doubled without a limit.
            const auto doubled = static_cast<std::uint64_t>(interval.count()) << (failures % 64);
            return duration{static_cast<duration::rep>(doubled)};
        }
        return interval;
    }

private:
    fault_of_a_model fault_;
    bool copied_ = false;
    mutable int asked_ = 0;
};

/// All faults of the models of a policy: one or more for each rule.
inline std::vector<fault_of_a_model> faults_of(std::string_view policy) {
    std::vector<fault_of_a_model> all;
    for (const auto& each : sim::conformance::rules)
        if (each.name.starts_with(policy))
            all.push_back({each.name});
    for (const fault_of_a_model& variant : {fault_of_a_model{"clock.ended_early", 1},
                                            {"clock.never_ended", 1},
                                            {"transport.beyond_timeout", 1},
                                            {"transport.sent_unasked", 1},
                                            {"transport.kept_connection_misreported", 1},
                                            {"transport.kept_connection_misreported", 2},
                                            {"transport.another_differs", 1},
                                            {"transport.unusable_after", 1},
                                            {"transport.fields_changed", 2},
                                            {"transport.wrong_fields", 2},
                                            {"transport.reply_dangles", 1},
                                            {"transport.reply_dangles", 2},
                                            {"signer.reserved_field", 1},
                                            {"signer.secret_sent", 1},
                                            {"signer.secret_sent", 2},
                                            {"signer.secret_printed", 1},
                                            {"backoff.not_positive", 1},
                                            {"resolver.never_called", 1},
                                            {"resolver.wrong_error", 1},
                                            {"resolver.wrong_addresses", 1},
                                            {"server.dropped_not_500", 1},
                                            {"server.hold_ended", 1},
                                            {"server.fields_lost", 2},
                                            {"server.wrong_fields", 2},
                                            {"server.handler_called_for_others", 1},
                                            {"server.other_method_not_405", 1},
                                            {"server.second_answer_sent", 1}})
        if (variant.rule.starts_with(policy))
            all.push_back(variant);
    return all;
}

} // namespace forest::tests

#endif
