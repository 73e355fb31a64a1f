// SPDX-License-Identifier: BSL-1.0
#include "warehouse_process.hpp"

#include <forest/adapters/openssl/sha1.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <ostream>
#include <set>
#include <string>
#include <vector>

// What the warehouse says of the tables that it finds: the document that its clients read.

namespace {

using forest::test::raw_answer;
using forest::test::serving_warehouse;
using forest::test::temporary_folder;
using json = nlohmann::ordered_json;
using texts = std::vector<std::string>;

// The document for a database in which these statements were run.
json schema_of(const std::string& statements) {
    const temporary_folder folder;
    forest::test::change(folder.file("a.sqlite"), statements);
    return serving_warehouse{folder.file("a.sqlite")}.schema();
}

// The document for the database that the warehouse makes itself.
json own_schema() {
    const temporary_folder folder;
    return serving_warehouse{folder.file("a.sqlite")}.schema();
}

texts names_of(const json& collections) {
    texts names;
    for (const json& each : collections)
        names.push_back(each.at("name"));
    return names;
}

texts members_of(const json& object) {
    texts names;
    for (const auto& [name, value] : object.items())
        names.push_back(name);
    return names;
}

json fields_of(const json& schema, const std::string& collection) {
    for (const json& each : schema.at("collections")) {
        if (each.at("name") == collection)
            return each.at("fields");
    }
    BOOST_FAIL("no collection " << collection << " in " << schema);
    return {};
}

// The fields of the only table in a database, which is called `t`.
json fields_of_table(const std::string& columns) {
    return fields_of(schema_of("CREATE TABLE t (" + columns + ")"), "t");
}

struct typed_column {
    std::string declared;
    std::string type;
};

std::ostream& operator<<(std::ostream& out, const typed_column& each) {
    return out << each.declared;
}

// Which declared type means what; with the words that SQLite's affinity rules look for, in any
// place and any case.
const std::vector<typed_column> typed_columns{
    {"INTEGER", "Number"},
    {"int", "Number"},
    {"UNSIGNED BIG INT", "Number"},
    {"REAL", "Number"},
    {"DOUBLE PRECISION", "Number"},
    {"NUMERIC", "Number"},
    {"DECIMAL(10, 2)", "Number"},
    {"TEXT", "String"},
    {"VARCHAR(80)", "String"},
    {"NATIVE CHARACTER(70)", "String"},
    {"clob", "String"},
    {"STRING", "String"},
    {"", "String"},
    {"BLOB", "Binary"},
    {"BOOLEAN", "Boolean"},
    {"bool", "Boolean"},
    {"DATE", "Dateonly"},
    {"DATETIME", "Date"},
    {"TIMESTAMP WITH TIME ZONE", "Date"},
    {"TIME", "Timeonly"},
    {"JSON", "Json"},
    {"jsonb", "Json"},
    {"UUID", "Uuid"},
    {"GUID", "Uuid"},
};

struct given_default {
    std::string type;
    std::string expression;
    json value;
};

std::ostream& operator<<(std::ostream& out, const given_default& each) {
    return out << each.type << " DEFAULT " << each.expression;
}

const std::vector<given_default> given_defaults{
    {"INTEGER", "0", 0},
    {"INTEGER", "-42", -42},
    {"REAL", "1.5", 1.5},
    {"TEXT", "'none'", "none"},
    {"TEXT", "'it''s'", "it's"},
    {"TEXT", "''", ""},
    {"TEXT", "'Größe'", "Größe"},
    {"BOOLEAN", "TRUE", true},
    {"BOOLEAN", "0", false},
    {"TEXT", "NULL", nullptr},
    // Not known before a row is written, or no value of JSON.
    {"DATETIME", "CURRENT_TIMESTAMP", nullptr},
    {"INTEGER", "(1 + 2)", nullptr},
    {"TEXT", "('a' || 'b')", nullptr},
    {"BLOB", "x'00ff'", nullptr},
};

} // namespace

BOOST_AUTO_TEST_SUITE(warehouse_schema_test)

BOOST_AUTO_TEST_CASE(the_document_has_the_members_that_agents_serve) {
    const json schema = own_schema();
    BOOST_TEST(members_of(schema) == texts({"charts", "collections", "rpc_relations",
                                            "native_query_connections", "etag"}),
               boost::test_tools::per_element());
    BOOST_TEST(schema.at("charts") == json({"products_by_manufacturer", "stock_value"}));
    BOOST_TEST(schema.at("rpc_relations") == json::object());
    BOOST_TEST(schema.at("native_query_connections") == json::parse(R"([{"name":"warehouse"}])"));
    BOOST_TEST(names_of(schema.at("collections")) == texts({"manufacturer", "product"}),
               boost::test_tools::per_element());
    for (json collection : schema.at("collections")) {
        collection.erase("name");
        collection.erase("fields");
        BOOST_TEST(collection == json::parse(R"({
            "countable":true,"searchable":true,"charts":[],"segments":[],"actions":{},
            "aggregation_capabilities":{"support_groups":true,
                "supported_date_operations":["Year","Quarter","Month","Week","Day"]}})"));
    }
}

// The Ruby client hands the members of a column to a constructor, which knows these and no others.
BOOST_AUTO_TEST_CASE(a_column_has_exactly_the_members_that_clients_know) {
    const texts known{
        "column_type",  "filter_operators", "is_primary_key", "is_read_only", "is_sortable",
        "is_groupable", "default_value",    "enum_values",    "validation",   "type"};
    const json fields = fields_of(own_schema(), "product");
    BOOST_TEST(members_of(fields) == texts({"attributes", "id", "manufacturer_id", "name", "price",
                                            "released", "stock", "manufacturer"}),
               boost::test_tools::per_element());
    for (const json& field : fields) {
        if (field.at("type") == "Column")
            BOOST_TEST(members_of(field) == known, boost::test_tools::per_element());
    }
    BOOST_TEST(fields.at("stock") == json::parse(R"({
        "column_type":"Number",
        "filter_operators":["blank","equal","greater_than","greater_than_or_equal","in","less_than",
            "less_than_or_equal","missing","not_equal","not_in","present"],
        "is_primary_key":false,"is_read_only":false,"is_sortable":true,"is_groupable":true,
        "default_value":0,"enum_values":[],"validation":[],"type":"Column"})"));
}

BOOST_AUTO_TEST_CASE(a_foreign_key_is_a_relation_on_both_sides) {
    const json schema = own_schema();
    BOOST_TEST(fields_of(schema, "product").at("manufacturer") == json::parse(R"({
        "foreign_collection":"manufacturer","foreign_key":"manufacturer_id",
        "foreign_key_target":"id","type":"ManyToOne"})"));
    BOOST_TEST(fields_of(schema, "manufacturer").at("product") == json::parse(R"({
        "foreign_collection":"product","origin_key":"manufacturer_id",
        "origin_key_target":"id","type":"OneToMany"})"));
}

// PROTOCOL.md, 3.
BOOST_AUTO_TEST_CASE(the_etag_is_the_hash_of_the_rest) {
    const temporary_folder folder;
    serving_warehouse warehouse{folder.file("a.sqlite")};
    const raw_answer answer = warehouse.get_schema();
    const std::string etag = json::parse(answer.body).at("etag");
    const std::string member = ",\"etag\":\"" + etag + "\"";
    const std::size_t at = answer.body.find(member);
    BOOST_REQUIRE(at != std::string::npos);
    std::string rest = answer.body;
    rest.erase(at, member.size());
    BOOST_TEST(forest::sha1_hex(rest) == etag);
    BOOST_TEST(answer.has("ETag: \"" + etag + "\""));
    BOOST_TEST(answer.has("Content-Type: application/json"));
    BOOST_TEST(rest == json::parse(rest).dump());

    for (const std::string& form : {etag, '"' + etag + '"', "W/\"" + etag + '"'}) {
        const raw_answer unchanged = warehouse.get_schema("If-None-Match: " + form + "\r\n");
        BOOST_TEST(unchanged.status == 304, form);
        BOOST_TEST(unchanged.body.empty());
    }
    BOOST_TEST(warehouse.get_schema("If-None-Match: other\r\n").status == 200);
}

BOOST_AUTO_TEST_CASE(what_is_in_the_tables_and_in_which_order_they_came_does_not_matter) {
    const std::string first = "CREATE TABLE a (id INTEGER PRIMARY KEY, b_id REFERENCES b (id));";
    const std::string second = "CREATE TABLE b (id INTEGER PRIMARY KEY, x INTEGER, y TEXT);";
    const json schema = schema_of(first + second);
    const json other =
        schema_of("CREATE TABLE b (y TEXT, x INTEGER, id INTEGER PRIMARY KEY);" + first +
                  "CREATE TABLE gone (id); DROP TABLE gone;"
                  "INSERT INTO b (id, x) VALUES (1, 2), (3, 4);");
    BOOST_TEST(schema == other);
    BOOST_TEST(schema.at("etag") == other.at("etag"));
}

BOOST_DATA_TEST_CASE(the_declared_type_says_what_a_column_holds, typed_columns) {
    const json field = fields_of_table("x " + sample.declared).at("x");
    BOOST_TEST(field.at("column_type") == sample.type);
    const std::vector<std::string> operators = field.at("filter_operators");
    BOOST_TEST(std::is_sorted(operators.begin(), operators.end()));
    const auto offered = [&](const std::string& name) {
        return std::count(operators.begin(), operators.end(), name) == 1;
    };
    const std::set<std::string> ordered{"Date", "Dateonly", "Number", "String", "Timeonly"};
    BOOST_TEST(offered("present"));
    BOOST_TEST(offered("equal") == (sample.type != "Json"));
    BOOST_TEST(offered("less_than") == (ordered.count(sample.type) != 0));
    BOOST_TEST(offered("i_contains") == (sample.type == "String"));
    BOOST_TEST(field.at("is_sortable") == (sample.type != "Json" && sample.type != "Binary"));
}

BOOST_DATA_TEST_CASE(a_default_is_in_the_schema_when_it_is_a_literal, given_defaults) {
    const json field =
        fields_of_table("x " + sample.type + " NOT NULL DEFAULT " + sample.expression).at("x");
    BOOST_TEST(field.at("default_value") == sample.value);
    BOOST_TEST(field.at("validation").empty()); // since the value may be left out
}

BOOST_AUTO_TEST_CASE(what_must_be_given_is_validated) {
    const json fields = fields_of_table("id INTEGER PRIMARY KEY NOT NULL, a TEXT NOT NULL, b TEXT");
    const json present = json::parse(R"([{"operator":"present"}])");
    BOOST_TEST(fields.at("a").at("validation") == present);
    BOOST_TEST(fields.at("b").at("validation").empty());
    BOOST_TEST(fields.at("id").at("validation").empty());
}

BOOST_AUTO_TEST_CASE(what_sqlite_fills_in_itself_is_read_only) {
    const auto read_only = [](const json& field) -> bool { return field.at("is_read_only"); };
    const json numbered = fields_of_table("id INTEGER PRIMARY KEY AUTOINCREMENT, a INT, "
                                          "twice INT AS (a * 2), stored INT AS (a) STORED");
    BOOST_TEST(read_only(numbered.at("id")));
    BOOST_TEST(numbered.at("id").at("is_primary_key") == true);
    BOOST_TEST(!read_only(numbered.at("a")));
    BOOST_TEST(read_only(numbered.at("twice")));
    BOOST_TEST(read_only(numbered.at("stored")));

    const json named = fields_of_table("code TEXT PRIMARY KEY");
    BOOST_TEST(named.at("code").at("is_primary_key") == true);
    BOOST_TEST(!read_only(named.at("code")));

    // Both parts must be given, also when one is an integer.
    const json pair = fields_of_table("a INTEGER, b INTEGER, PRIMARY KEY (a, b)");
    BOOST_TEST(!read_only(pair.at("a")));
    BOOST_TEST(pair.at("b").at("is_primary_key") == true);
}

BOOST_AUTO_TEST_CASE(names_may_be_anything) {
    const json schema = schema_of(R"sql(
        CREATE TABLE "order" ("select" INTEGER PRIMARY KEY, "a ""quoted"" name" TEXT, Größe REAL);
        CREATE TABLE "it's; DROP TABLE x" ([from] INT REFERENCES "order");
        CREATE TABLE "" ("" TEXT);
        CREATE TABLE pragma_table_xinfo (x);)sql");
    BOOST_TEST(names_of(schema.at("collections")) ==
                   texts({"", "it's; DROP TABLE x", "order", "pragma_table_xinfo"}),
               boost::test_tools::per_element());
    BOOST_TEST(members_of(fields_of(schema, "order")) ==
                   texts({"Größe", "a \"quoted\" name", "select", "it's; DROP TABLE x"}),
               boost::test_tools::per_element());
    BOOST_TEST(fields_of(schema, "it's; DROP TABLE x").at("order").at("foreign_key") == "from");
}

BOOST_AUTO_TEST_CASE(a_key_that_no_two_rows_share_leads_back_to_one) {
    const json schema = schema_of(R"sql(
        CREATE TABLE owner (id INTEGER PRIMARY KEY);
        CREATE TABLE declared (owner_id INT UNIQUE REFERENCES owner);
        CREATE TABLE indexed (owner_id INT REFERENCES owner);
        CREATE UNIQUE INDEX one_each ON indexed (owner_id);
        CREATE TABLE same_row (owner_id INTEGER PRIMARY KEY REFERENCES owner);
        CREATE TABLE partly (owner_id INT REFERENCES owner, gone INT);
        CREATE UNIQUE INDEX some ON partly (owner_id) WHERE gone IS NULL;
        CREATE TABLE together (owner_id INT REFERENCES owner, n INT, UNIQUE (owner_id, n));)sql");
    const json fields = fields_of(schema, "owner");
    for (const char* const one : {"declared", "indexed", "same_row"})
        BOOST_TEST(fields.at(one).at("type") == "OneToOne", one);
    for (const char* const many : {"partly", "together"})
        BOOST_TEST(fields.at(many).at("type") == "OneToMany", many);
    // The row number says whose row it is, so that it has to be given.
    BOOST_TEST(fields_of(schema, "same_row").at("owner_id").at("is_read_only") == false);
}

BOOST_AUTO_TEST_CASE(relations_find_a_name_that_is_free) {
    const json schema = schema_of(R"sql(
        CREATE TABLE person (id INTEGER PRIMARY KEY, boss_id INT REFERENCES person, message TEXT);
        CREATE TABLE message (
            sender_id INT REFERENCES person, receiver_id INT REFERENCES person,
            bearer INT REFERENCES person, receiver TEXT);)sql");
    const json person = fields_of(schema, "person");
    BOOST_TEST(person.at("boss").at("foreign_collection") == "person");
    BOOST_TEST(person.at("person").at("origin_key") == "boss_id");
    BOOST_TEST(person.at("message").at("type") == "Column");
    BOOST_TEST(person.at("message_by_sender_id").at("origin_key") == "sender_id");
    BOOST_TEST(person.at("message_by_receiver_id").at("origin_key") == "receiver_id");
    const json message = fields_of(schema, "message");
    BOOST_TEST(message.at("sender").at("foreign_key") == "sender_id");
    BOOST_TEST(message.at("receiver").at("type") == "Column");
    BOOST_TEST(message.at("bearer").at("type") == "Column");
    BOOST_TEST(message.at("person").at("foreign_key") == "bearer");
    BOOST_TEST(message.at("person_").at("foreign_key") == "receiver_id");
}

BOOST_AUTO_TEST_CASE(keys_are_found_whatever_their_case_and_what_they_do_on_delete) {
    const json schema = schema_of(R"sql(
        CREATE TABLE Owner (Id INTEGER PRIMARY KEY, Code TEXT UNIQUE);
        CREATE TABLE thing (
            owner_id INT REFERENCES OWNER ON DELETE CASCADE ON UPDATE SET NULL,
            code TEXT REFERENCES owner (CODE) DEFERRABLE INITIALLY DEFERRED);)sql");
    const json thing = fields_of(schema, "thing");
    BOOST_TEST(thing.at("owner") == json::parse(R"({"foreign_collection":"Owner",
        "foreign_key":"owner_id","foreign_key_target":"Id","type":"ManyToOne"})"));
    BOOST_TEST(thing.at("Owner").at("foreign_key_target") == "Code");
}

BOOST_AUTO_TEST_CASE(keys_that_no_relation_can_say_are_columns_only) {
    const json schema = schema_of(R"sql(
        CREATE TABLE pair (a INT, b INT, PRIMARY KEY (a, b));
        CREATE TABLE thing (
            gone_id INT REFERENCES gone (id), a INT, b INT, half_id INT REFERENCES pair,
            lost_id INT REFERENCES pair (lost), FOREIGN KEY (a, b) REFERENCES pair);)sql");
    for (const json& field : fields_of(schema, "thing"))
        BOOST_TEST(field.at("type") == "Column");
    for (const json& field : fields_of(schema, "pair"))
        BOOST_TEST(field.at("type") == "Column");
}

BOOST_AUTO_TEST_CASE(a_view_is_a_collection_that_can_only_be_read) {
    const json schema = schema_of(R"sql(
        CREATE TABLE product (id INTEGER PRIMARY KEY AUTOINCREMENT, price REAL NOT NULL);
        CREATE VIEW dear AS SELECT id, price, price * 2 AS twice FROM product WHERE price > 9;
        CREATE VIEW broken AS SELECT * FROM gone;)sql");
    BOOST_TEST(names_of(schema.at("collections")) == texts({"dear", "product"}),
               boost::test_tools::per_element());
    const json fields = fields_of(schema, "dear");
    BOOST_TEST(fields.size() == 3U);
    for (const json& field : fields)
        BOOST_TEST(field.at("is_read_only") == true);
    BOOST_TEST(fields.at("price").at("column_type") == "Number");
}

BOOST_AUTO_TEST_CASE(charts_are_those_whose_columns_exist) {
    BOOST_TEST(schema_of("CREATE TABLE t (x)").at("charts").empty());
    BOOST_TEST(schema_of("CREATE TABLE product (id, price, stock)").at("charts") ==
               json::array({"stock_value"}));
    BOOST_TEST(schema_of("CREATE TABLE product (id, manufacturer_id)").at("charts") ==
               json::array({"products_by_manufacturer"}));
}

BOOST_AUTO_TEST_SUITE_END()
