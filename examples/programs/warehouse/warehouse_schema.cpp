// SPDX-License-Identifier: BSL-1.0
#include "warehouse_schema.hpp"

#include "warehouse_columns.hpp"
#include "warehouse_tables.hpp"

#include <nlohmann/json.hpp>

#include <array>
#include <map>
#include <string_view>
#include <utility>
#include <vector>

namespace forest::warehouse {

namespace {

// Members stand in the order in which they are added, columns before relations.
using json = nlohmann::ordered_json;

// The fields of each collection, by its name.
using all_fields = std::map<std::string, json>;

// A chart of the whole warehouse, and the columns that it is made from.
struct chart {
    std::string_view name;
    std::string table;
    std::array<std::string, 2> columns;
};

const std::array<chart, 2>& known_charts() {
    static const std::array<chart, 2> charts{
        chart{"products_by_manufacturer", "product", {"id", "manufacturer_id"}},
        chart{"stock_value", "product", {"price", "stock"}},
    };
    return charts;
}

json charts_of(const all_fields& fields) {
    json names = json::array();
    for (const chart& each : known_charts()) {
        const auto found = fields.find(each.table);
        if (found != fields.end() && found->second.contains(each.columns[0]) &&
            found->second.contains(each.columns[1]))
            names.push_back(each.name);
    }
    return names;
}

// Returns the first of two names that no other field has. If both are taken, changes the second.
std::string free_name(const json& fields, std::string first, std::string second) {
    if (!fields.contains(first))
        return first;
    while (fields.contains(second))
        second += '_';
    return second;
}

// `manufacturer_id` leads to a `manufacturer`.
std::string without_id(const std::string& key) {
    constexpr std::string_view ending = "_id";
    const bool ends = key.size() > ending.size() &&
                      key.compare(key.size() - ending.size(), ending.size(), ending) == 0;
    return ends ? key.substr(0, key.size() - ending.size()) : key;
}

void add_many_to_one(const foreign_key& key, json& fields) {
    const std::string name = free_name(fields, without_id(key.column), key.target_table);
    fields[name] = {
        {"foreign_collection", key.target_table},
        {"foreign_key", key.column},
        {"foreign_key_target", key.target_column},
        {"type", "ManyToOne"},
    };
}

// Adds the same key to the table to which it refers.
void add_inverse(const table& owner, const foreign_key& key, json& fields) {
    const bool only_one = owner.unique.count(key.column) != 0;
    const std::string name = free_name(fields, owner.name, owner.name + "_by_" + key.column);
    fields[name] = {
        {"foreign_collection", owner.name},
        {"origin_key", key.column},
        {"origin_key_target", key.target_column},
        {"type", only_one ? "OneToOne" : "OneToMany"},
    };
}

all_fields fields_of(const std::vector<table>& tables, schema_form form) {
    all_fields fields;
    for (const table& each : tables) {
        json& own = fields[each.name] = json::object();
        for (const column& described : each.columns)
            own[described.name] = column_field(described, each.read_only, form);
        for (const foreign_key& key : each.keys)
            add_many_to_one(key, own);
    }
    for (const table& owner : tables) {
        for (const foreign_key& key : owner.keys)
            add_inverse(owner, key, fields[key.target_table]);
    }
    return fields;
}

json collection(const std::string& name, json fields) {
    return {
        {"name", name},
        {"fields", std::move(fields)},
        {"countable", true},
        {"searchable", true},
        {"charts", json::array()},
        {"segments", json::array()},
        {"actions", json::object()},
        {"aggregation_capabilities",
         {{"support_groups", true},
          {"supported_date_operations", {"Year", "Quarter", "Month", "Week", "Day"}}}},
    };
}

} // namespace

std::string schema_text(SQLite::Database& database, schema_form form) {
    all_fields fields = fields_of(read_tables(database), form);
    json schema = {{"charts", charts_of(fields)}, {"collections", json::array()}};
    for (auto& [name, of_collection] : fields)
        schema["collections"].push_back(collection(name, std::move(of_collection)));
    schema["rpc_relations"] = json::object();
    schema["native_query_connections"] = {{{"name", "warehouse"}}};
    // SQLite accepts names that are no UTF-8. One such name must not make the whole schema fail.
    return schema.dump(-1, ' ', false, json::error_handler_t::replace);
}

} // namespace forest::warehouse
