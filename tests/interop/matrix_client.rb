# SPDX-License-Identifier: BSL-1.0
# frozen_string_literal: true

# usage: ruby matrix_client.rb URL CA_FILE
#
# Checks the health and fetches the schema as the Ruby gem does (docs/reference/PROTOCOL.md, 3): on
# Faraday where it is installed, else on net/http. Prints the statuses.

require 'json'
require 'net/http'
require 'openssl'
require 'time'
require 'timeout'

BASE = URI(ARGV[0])
SECRET = ENV.fetch('FOREST_AUTH_SECRET')

begin
  require 'faraday'
  CONNECTION = Faraday.new(url: BASE, ssl: { ca_file: ARGV[1] })
  ASK = lambda do |path, fields|
    answer = CONNECTION.get(path, nil, fields)
    [answer.status, answer.body.to_s]
  end
rescue LoadError
  ASK = lambda do |path, fields|
    http = Net::HTTP.new(BASE.host, BASE.port)
    http.use_ssl = BASE.scheme == 'https'
    http.ca_file = ARGV[1]
    answer = http.request(Net::HTTP::Get.new(path, fields))
    [answer.code.to_i, answer.body.to_s]
  end
end

def signed(secret = SECRET, more = {})
  timestamp = Time.now.utc.iso8601(3)
  { 'Content-Type' => 'application/json', 'forest_caller' => 'matrix',
    'X_TIMESTAMP' => timestamp,
    'X_SIGNATURE' => OpenSSL::HMAC.hexdigest('SHA256', secret, timestamp) }.merge(more)
end

Timeout.timeout(60) do
  health = ASK.call('/forest/health', signed)
  refused = ASK.call('/forest/health', signed('another'))
  schema = ASK.call('/forest/rpc-schema', signed)
  etag = schema[0] == 200 ? JSON.parse(schema[1])['etag'] : ''
  unchanged = ASK.call('/forest/rpc-schema', signed(SECRET, 'If-None-Match' => etag))
  puts [health, refused, schema, unchanged].map(&:first).join(' ')
end
