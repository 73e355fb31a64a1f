// SPDX-License-Identifier: BSL-1.0

// How soon a crash is reported against how often there was none, by schedule, threshold and loss:
// real clients in simulated worlds, whose script is the truth. The seeds are fixed, so that the
// numbers are the same in every run. Needs the standard library only.

#include "study/figures.hpp"
#include "study/findings.hpp"
#include "study/tables.hpp"

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace {

constexpr std::string_view usage = R"(usage: study [--quick] [FOLDER]

Writes the figures into FOLDER as SVG, if it is given, and prints the tables in Markdown, each
below a line with its name. The status is 1 if a number is not as promised or calculated.

  --quick   measure less, in a few seconds
  --help    print this
)";

void write(const std::string& folder, const char* file, const std::string& picture) {
    std::ofstream out{folder + "/" + file, std::ios::binary};
    out << picture << std::flush;
    if (!out)
        throw std::runtime_error{folder + "/" + file + " cannot be written"};
}

void print(const char* table, const std::string& text) {
    std::printf("table %s\n%s", table, text.c_str());
}

int run(const study::effort& spent, const std::string& folder) {
    const study::findings found{spent};
    if (!folder.empty()) {
        write(folder, "trade-off.svg", trade_off(found));
        write(folder, "false-alarms.svg", false_alarms_by_loss(found));
        write(folder, "detection.svg", detection_by_threshold(found));
        write(folder, "restarts.svg", restarts_by_length(found));
    }
    print("false-alarms", alarm_table(found));
    print("false-outages", length_table(found));
    print("detection", detection_table(found));
    print("detection-with-loss", lossy_table(found));
    print("intervals", interval_table(found));
    const std::vector<std::string> faults = found.faults();
    for (const std::string& each : faults)
        std::fprintf(stderr, "study: %s\n", each.c_str());
    return faults.empty() ? EXIT_SUCCESS : EXIT_FAILURE;
}

} // namespace

int main(int count, char** arguments) {
    study::effort spent;
    std::string folder;
    for (int index = 1; index < count; ++index) {
        const std::string_view argument = arguments[index];
        if (argument == "--help") {
            std::fputs(usage.data(), stdout);
            return EXIT_SUCCESS;
        }
        if (argument == "--quick") {
            spent = study::effort::quick();
        } else if (argument.empty() || argument.front() == '-' || !folder.empty()) {
            std::fprintf(stderr, "study: not understood: %s\n%s", arguments[index], usage.data());
            return 2;
        } else {
            folder = argument;
        }
    }
    // It takes minutes until something is to be written.
    if (!folder.empty() && !std::filesystem::is_directory(folder)) {
        std::fprintf(stderr, "study: there is no folder %s\n", folder.c_str());
        return EXIT_FAILURE;
    }
    try {
        return run(spent, folder);
    } catch (const std::exception& thrown) {
        std::fprintf(stderr, "study: %s\n", thrown.what());
        return EXIT_FAILURE;
    }
}
