// SPDX-License-Identifier: BSL-1.0
#include "warehouse_columns.hpp"

#include <forest/core/fields.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace forest::warehouse {

namespace {

using json = nlohmann::ordered_json;

struct named_type {
    std::string_view declared;
    std::string_view type;
};

// SQLite stores these as text or numbers. Only the name of the type has their meaning.
constexpr std::array named_types{
    named_type{"BOOLEAN", "Boolean"}, named_type{"BOOL", "Boolean"},
    named_type{"DATE", "Dateonly"},   named_type{"DATETIME", "Date"},
    named_type{"TIMESTAMP", "Date"},  named_type{"TIME", "Timeonly"},
    named_type{"JSON", "Json"},       named_type{"JSONB", "Json"},
    named_type{"UUID", "Uuid"},       named_type{"GUID", "Uuid"},
    named_type{"STRING", "String"},
};

// The rules by which SQLite gives a column its affinity, in their order: the first word that is
// part of the declared type decides (https://sqlite.org/datatype3.html, 3.1).
constexpr std::array affinities{
    named_type{"INT", "Number"},  named_type{"CHAR", "String"}, named_type{"CLOB", "String"},
    named_type{"TEXT", "String"}, named_type{"BLOB", "Binary"},
};

bool contains_ignoring_case(std::string_view text, std::string_view part) {
    for (std::size_t at = 0; at + part.size() <= text.size(); ++at) {
        if (iequals(text.substr(at, part.size()), part))
            return true;
    }
    return false;
}

std::string_view type_of(std::string_view declared) {
    // `TIMESTAMP WITH TIME ZONE`, `DATETIME(6)`: the first word is the type.
    const std::string_view word = declared.substr(0, declared.find_first_of(" ("));
    for (const named_type& each : named_types) {
        if (iequals(word, each.declared))
            return each.type;
    }
    for (const named_type& each : affinities) {
        if (contains_ignoring_case(declared, each.declared))
            return each.type;
    }
    // A column without a type, an expression in a view for example, may hold anything, and anything
    // can be read as a string. All other types are numbers to SQLite.
    return declared.empty() ? "String" : "Number";
}

bool is_one_of(std::string_view type, std::initializer_list<std::string_view> types) {
    return std::find(types.begin(), types.end(), type) != types.end();
}

json operators_of(std::string_view type) {
    std::vector<std::string_view> result{"blank", "missing", "present"};
    const auto add = [&](std::initializer_list<std::string_view> operators) {
        result.insert(result.end(), operators);
    };
    if (type != "Json")
        add({"equal", "in", "not_equal", "not_in"});
    if (is_one_of(type, {"Date", "Dateonly", "Number", "String", "Timeonly"}))
        add({"greater_than", "greater_than_or_equal", "less_than", "less_than_or_equal"});
    if (type == "String")
        add({"contains", "ends_with", "i_contains", "i_ends_with", "i_like", "i_starts_with",
             "like", "longer_than", "match", "not_contains", "not_i_contains", "shorter_than",
             "starts_with"});
    std::sort(result.begin(), result.end());
    return result;
}

// Returns the text between the quotes; null if there is more than one literal.
json unquoted(std::string_view literal) {
    const char quote = literal.front();
    std::string text;
    std::size_t at = 1;
    for (; at < literal.size(); ++at) {
        if (literal[at] == quote) {
            if (literal.substr(at + 1, 1) != literal.substr(0, 1))
                break;
            ++at; // A quote that is part of the text is written twice.
        }
        text += literal[at];
    }
    return at + 1 == literal.size() ? json(text) : json(nullptr);
}

// The value of a literal. Null for other expressions, for example `CURRENT_TIMESTAMP`: their value
// is not known before a row is written.
json value_of(std::string_view expression, std::string_view type) {
    if (expression.empty())
        return nullptr;
    if (expression.front() == '\'' || expression.front() == '"')
        return unquoted(expression);
    if (iequals(expression, "TRUE") || iequals(expression, "FALSE"))
        return iequals(expression, "TRUE");
    json number = json::parse(expression, nullptr, false);
    if (!number.is_number())
        return nullptr;
    if (type == "Boolean")
        return number != 0;
    return number;
}

} // namespace

json column_field(const column& described, bool read_only, schema_form form) {
    const std::string_view type = type_of(described.declared_type);
    json validation = json::array();
    if (described.required && !described.default_value && !described.computed)
        validation.push_back({{"operator", "present"}});
    json field{
        {"column_type", type},
        {"filter_operators", operators_of(type)},
        {"is_primary_key", described.primary_key},
        {"is_read_only", read_only || described.computed},
        {"is_sortable", !is_one_of(type, {"Binary", "Json"})},
        {"is_groupable", true},
        {"default_value",
         described.default_value ? value_of(*described.default_value, type) : json(nullptr)},
        {"enum_values", json::array()},
        {"validation", std::move(validation)},
        {"type", "Column"},
    };
    if (form == schema_form::without_is_groupable)
        field.erase("is_groupable");
    return field;
}

} // namespace forest::warehouse
