# SPDX-License-Identifier: BSL-1.0
# frozen_string_literal: true

# A client as the Ruby gem makes it (PROTOCOL.md, 3), on net/http and, where it is installed, on
# Faraday: it asks the warehouse. The folder for the database is the argument.

require 'digest'
require 'json'
require 'net/http'
require 'openssl'
require 'time'
require 'timeout'

SECRET = 'not-to-be-printed'
PATH = '/forest/rpc-schema'
Answer = Struct.new(:status, :fields, :body)

def expect(what, got, wanted)
  return if wanted === got

  warn "#{what}: #{got.inspect}, and not #{wanted.inspect}"
  exit 1
end

def signed_fields(etag, secret = SECRET)
  timestamp = Time.now.utc.iso8601(3)
  fields = { 'X_TIMESTAMP' => timestamp,
             'X_SIGNATURE' => OpenSSL::HMAC.hexdigest('SHA256', secret, timestamp) }
  etag ? fields.merge('If-None-Match' => etag) : fields
end

# Each takes a path and fields, and gives an Answer.
def clients(base)
  get = lambda do |http, path, fields|
    answer = http.request(Net::HTTP::Get.new(path, fields))
    Answer.new(answer.code.to_i, answer, answer.body.to_s)
  end
  kept = Net::HTTP.start(base.host, base.port)
  fresh = -> { Net::HTTP.new(base.host, base.port) }
  all = { 'net/http, closing' => ->(*asked) { get.call(fresh.call, *asked) },
          'net/http, kept' => ->(*asked) { get.call(kept, *asked) } }
  begin
    require 'faraday'
    connection = Faraday.new(url: base)
    all['Faraday'] = lambda do |path, fields|
      answer = connection.get(path, nil, fields)
      Answer.new(answer.status, answer.headers, answer.body.to_s)
    end
  rescue LoadError
    puts 'There is no faraday.'
  end
  all
end

def ask(name, client)
  whole = client.call(PATH, signed_fields(nil))
  expect("#{name}: 200", whole.status, 200)
  schema = JSON.parse(whole.body)
  etag = schema['etag']
  expect("#{name}: the etag in the body", etag, /\A\h{40}\z/)
  rest = whole.body.sub(",\"etag\":\"#{etag}\"", '')
  expect("#{name}: the etag of the rest", Digest::SHA1.hexdigest(rest), etag)
  expect("#{name}: the ETag", whole.fields['ETag'], "\"#{etag}\"")
  expect("#{name}: the names", schema['collections'].map { |each| each['name'] },
         %w[manufacturer product])

  [etag, "\"#{etag}\"", "W/\"#{etag}\"", "\"a\", \"#{etag}\"", '*'].each do |known|
    unchanged = client.call(PATH, signed_fields(known))
    expect("#{name}: 304 to #{known}", unchanged.status, 304)
    expect("#{name}: the body of a 304", unchanged.body, '')
    expect("#{name}: the length of a 304", unchanged.fields['Content-Length'], nil)
  end
  expect("#{name}: another etag", client.call(PATH, signed_fields('another')).body, whole.body)

  refused = client.call(PATH, signed_fields(etag, 'another secret'))
  expect("#{name}: a wrong secret", refused.status, 401)
  expect("#{name}: the refusal", refused.body, '{"error":"Unauthorized"}')

  health = client.call('/forest/health', signed_fields(nil))
  expect("#{name}: the health", JSON.parse(health.body)['status'], 'ok')
end

Timeout.timeout(60) do
  command = [ENV.fetch('FOREST_WAREHOUSE'), '--database', "#{ARGV[0]}/a.sqlite", '--grace', '0s']
  IO.popen([{ 'FOREST_AUTH_SECRET' => SECRET }, *command]) do |warehouse|
    first = warehouse.gets
    expect('the first line', first, /\Alistening on /)
    base = URI(first.delete_prefix('listening on ').strip)
    clients(base).each { |name, client| ask(name, client) }
  ensure
    Process.kill('TERM', warehouse.pid)
  end
  expect('the end of the warehouse', $?.exitstatus, 0)
end
