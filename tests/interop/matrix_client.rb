# SPDX-License-Identifier: BSL-1.0
# frozen_string_literal: true

# usage: ruby matrix_client.rb CA_FILE
#
# For each line of the input, a URL or `unix:PATH`: checks the health and fetches the schema as the
# Ruby gem does (docs/reference/PROTOCOL.md, 3), on Faraday where it is installed, else on net/http,
# and prints the statuses on one line. Faraday knows no unix sockets; net/http writes its requests
# in both cases, here to the socket. For a line `port` it prints a free port.

require 'json'
require 'net/http'
require 'openssl'
require 'socket'
require 'time'
require 'timeout'

CA_FILE = ARGV[0]
SECRET = ENV.fetch('FOREST_AUTH_SECRET')

begin
  require 'faraday'
  FARADAY = true
rescue LoadError
  FARADAY = false
end

def over_unix(path)
  lambda do |target, fields|
    UNIXSocket.open(path) do |socket|
      stream = Net::BufferedIO.new(socket)
      asked = Net::HTTP::Get.new(target, { 'Host' => 'localhost' }.merge(fields))
      asked.exec(stream, '1.1', target)
      answer = Net::HTTPResponse.read_new(stream)
      answer.decode_content = asked.decode_content
      answer.reading_body(stream, true) {}
      [answer.code.to_i, answer.body.to_s]
    end
  end
end

def over_faraday(base)
  connection = Faraday.new(url: base, ssl: { ca_file: CA_FILE })
  lambda do |target, fields|
    answer = connection.get(target, nil, fields)
    [answer.status, answer.body.to_s]
  end
end

def over_net_http(base)
  lambda do |target, fields|
    http = Net::HTTP.new(base.host, base.port)
    http.use_ssl = base.scheme == 'https'
    http.ca_file = CA_FILE
    answer = http.request(Net::HTTP::Get.new(target, fields))
    [answer.code.to_i, answer.body.to_s]
  end
end

def asker(way)
  return over_unix(way.delete_prefix('unix:')) if way.start_with?('unix:')

  FARADAY ? over_faraday(URI(way)) : over_net_http(URI(way))
end

def signed(secret = SECRET, more = {})
  timestamp = Time.now.utc.iso8601(3)
  { 'Content-Type' => 'application/json', 'forest_caller' => 'matrix',
    'X_TIMESTAMP' => timestamp,
    'X_SIGNATURE' => OpenSSL::HMAC.hexdigest('SHA256', secret, timestamp) }.merge(more)
end

def statuses(way)
  ask = asker(way)
  health = ask.call('/forest/health', signed)
  refused = ask.call('/forest/health', signed('another'))
  schema = ask.call('/forest/rpc-schema', signed)
  etag = schema[0] == 200 ? JSON.parse(schema[1])['etag'] : ''
  unchanged = ask.call('/forest/rpc-schema', signed(SECRET, 'If-None-Match' => etag))
  [health, refused, schema, unchanged].map(&:first).join(' ')
end

def result(way)
  Timeout.timeout(60) { statuses(way) }
rescue StandardError => e
  "#{e.class}: #{e.message}".lines.first.chomp
end

$stdout.sync = true
$stdin.each_line(chomp: true) do |line|
  puts line == 'port' ? Addrinfo.tcp('127.0.0.1', 0).bind.local_address.ip_port : result(line)
end
