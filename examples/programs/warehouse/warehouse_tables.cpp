// SPDX-License-Identifier: BSL-1.0
#include "warehouse_tables.hpp"

#include <forest/core/fields.hpp>

#include <SQLiteCpp/Exception.h>
#include <SQLiteCpp/Statement.h>
#include <SQLiteCpp/Transaction.h>

#include <sqlite3.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

namespace forest::warehouse {

namespace {

// `PRAGMA` takes no bound parameters, and a name may be anything: "order", "Größe", "a ""b""".
SQLite::Statement describe(const SQLite::Database& database, const std::string& pragma,
                           const std::string& name) {
    std::string quoted;
    for (const char byte : name)
        quoted.append(byte == '"' ? 2 : 1, byte);
    return {database, "PRAGMA main." + pragma + "(\"" + quoted + "\")"};
}

void read_columns(const SQLite::Database& database, table& result) {
    // The meaning of `hidden` for a column.
    constexpr int ordinary = 0;
    constexpr int argument_of_a_virtual_table = 1; // The others are generated columns.
    auto rows = describe(database, "table_xinfo", result.name);
    while (rows.executeStep()) {
        const int hidden = rows.getColumn("hidden").getInt();
        if (hidden == argument_of_a_virtual_table)
            continue;
        column& read = result.columns.emplace_back();
        read.name = rows.getColumn("name").getString();
        read.declared_type = rows.getColumn("type").getString();
        if (const auto value = rows.getColumn("dflt_value"); !value.isNull())
            read.default_value = value.getString();
        read.required = rows.getColumn("notnull").getInt() != 0;
        read.primary_key = rows.getColumn("pk").getInt() != 0;
        read.computed = hidden != ordinary;
    }
    // Sorted by name, so that a column that is dropped and added again gives the same schema.
    std::sort(result.columns.begin(), result.columns.end(),
              [](const column& left, const column& right) { return left.name < right.name; });
}

// Returns the only column of a unique index; empty if it has several columns or expressions.
std::string only_column(const SQLite::Database& database, const std::string& index) {
    auto rows = describe(database, "index_info", index);
    const bool found = rows.executeStep();
    const std::string name = found ? rows.getColumn("name").getString() : std::string{};
    return found && !rows.executeStep() ? name : std::string{};
}

// A primary key without an index is the row number. SQLite computes it, unless it is also a foreign
// key.
void take_row_number(table& result) {
    const auto is_key = [](const column& each) { return each.primary_key; };
    const auto number = std::find_if(result.columns.begin(), result.columns.end(), is_key);
    if (number == result.columns.end())
        return;
    result.unique.insert(number->name);
    number->computed =
        std::none_of(result.keys.begin(), result.keys.end(),
                     [&](const foreign_key& key) { return iequals(key.column, number->name); });
}

void read_unique(const SQLite::Database& database, table& result) {
    bool primary_key_has_index = false;
    auto rows = describe(database, "index_list", result.name);
    while (rows.executeStep()) {
        if (rows.getColumn("origin").getString() == "pk")
            primary_key_has_index = true;
        if (rows.getColumn("unique").getInt() == 0 || rows.getColumn("partial").getInt() != 0)
            continue;
        const std::string name = only_column(database, rows.getColumn("name").getString());
        if (!name.empty())
            result.unique.insert(name);
    }
    if (!primary_key_has_index)
        take_row_number(result);
}

void read_keys(const SQLite::Database& database, table& result) {
    std::map<int, std::vector<foreign_key>> found;
    auto rows = describe(database, "foreign_key_list", result.name);
    while (rows.executeStep())
        found[rows.getColumn("id").getInt()].push_back({rows.getColumn("from").getString(),
                                                        rows.getColumn("table").getString(),
                                                        rows.getColumn("to").getString()});
    for (const auto& [id, columns] : found) {
        if (columns.size() == 1)
            result.keys.push_back(columns.front());
    }
}

bool read_table(const SQLite::Database& database, table& result) {
    try {
        read_columns(database, result);
    } catch (const SQLite::Exception& failed) {
        // The view uses a table that was dropped, or the module of a virtual table is not loaded.
        if (failed.getErrorCode() == SQLITE_ERROR)
            return false;
        throw;
    }
    read_keys(database, result);
    read_unique(database, result);
    return true;
}

const column* find_column(const table& owner, const std::string& name) {
    for (const column& each : owner.columns) {
        if (iequals(each.name, name))
            return &each;
    }
    return nullptr;
}

// Returns the column to which a key without column names refers.
const column* only_key_column(const table& owner) {
    const column* found = nullptr;
    for (const column& each : owner.columns) {
        if (each.primary_key && found != nullptr)
            return nullptr;
        if (each.primary_key)
            found = &each;
    }
    return found;
}

// Returns the key with the actual names of its target instead of the declared names; nothing if
// there is no such target.
std::optional<foreign_key> resolve(const std::vector<table>& tables, const table& owner,
                                   const foreign_key& key) {
    const table* const target = find_table(tables, key.target_table);
    const column* const from = find_column(owner, key.column);
    if (target == nullptr || from == nullptr)
        return std::nullopt;
    const column* const to = key.target_column.empty() ? only_key_column(*target)
                                                       : find_column(*target, key.target_column);
    if (to == nullptr)
        return std::nullopt;
    return foreign_key{from->name, target->name, to->name};
}

void resolve_keys(std::vector<table>& tables) {
    for (table& owner : tables) {
        std::set<foreign_key> resolved;
        for (const foreign_key& key : owner.keys) {
            if (auto found = resolve(tables, owner, key))
                resolved.insert(std::move(*found));
        }
        owner.keys.assign(resolved.begin(), resolved.end());
    }
}

} // namespace

std::vector<table> read_tables(SQLite::Database& database) {
    // Keeps other programs from changing the tables meanwhile. It changes nothing, and is not
    // committed.
    const SQLite::Transaction moment{database};
    std::vector<table> tables;
    SQLite::Statement rows{database, "SELECT name, type = 'view' AS read_only FROM sqlite_master "
                                     "WHERE type IN ('table', 'view') AND name NOT LIKE "
                                     "'sqlite\\_%' ESCAPE '\\' ORDER BY name"};
    while (rows.executeStep()) {
        table read{rows.getColumn("name").getString(), rows.getColumn("read_only").getInt() != 0};
        if (read_table(database, read))
            tables.push_back(std::move(read));
    }
    resolve_keys(tables);
    return tables;
}

const table* find_table(const std::vector<table>& tables, const std::string& name) {
    for (const table& each : tables) {
        if (iequals(each.name, name))
            return &each;
    }
    return nullptr;
}

} // namespace forest::warehouse
