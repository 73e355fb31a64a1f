# SPDX-License-Identifier: BSL-1.0

# Faraday as one would loop over targets with it: one check after the other, each on a fresh
# connection, which is all that its usual adapter knows. The command line is that of prober.hpp.

require "faraday"
require "json"

targets = []
interval = nil
ARGV.each_slice(2) do |option, value|
  case option
  when "--targets" then targets = File.readlines(value, chomp: true)
  when "--interval-ms" then interval = Integer(value) / 1000.0
  when "--flat-out" then interval = nil
  else abort "faraday_loop.rb: unknown option: #{option}"
  end
end
abort "faraday_loop.rb: --targets is needed" if targets.empty?

stopped = false
%w[TERM INT].each { |signal| trap(signal) { stopped = true } }
now = -> { Process.clock_gettime(Process::CLOCK_MONOTONIC) }
connections = targets.map { |url| Faraday.new(url) }
checks = failures = 0
due = now.call
connections.cycle do |connection|
  break if stopped
  if interval
    due += interval / targets.size
    pause = due - now.call
    sleep(pause) if pause > 0.005
  end
  begin
    answer = connection.get
    healthy = answer.status == 200 && answer.body.include?('"status":"ok"')
  rescue Faraday::Error
    healthy = false
  end
  checks += 1
  failures += 1 unless healthy
end
puts JSON.generate(checks: checks, failures: failures)
