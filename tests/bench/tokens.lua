-- Walks through a file of tokens in order, so that N of them are pure hits for a cache of N and
-- pure misses for a smaller one. wrk -s tokens.lua URL -- FILE COUNT FIRST [close]
local requests = {}
local at = 0

function init(args)
  local fields = { ["Host"] = wrk.headers["Host"] }
  if args[4] == "close" then fields["Connection"] = "close" end
  local count = tonumber(args[2])
  for token in io.lines(args[1]) do
    if #requests == count then break end
    fields["Authorization"] = "Bearer " .. token
    requests[#requests + 1] = wrk.format("GET", nil, fields)
  end
  at = tonumber(args[3]) % #requests
end

function request()
  at = at % #requests + 1
  return requests[at]
end

function done(summary, latency)
  io.write(string.format("RESULT %d %d %d %d %d %d %d\n", summary.requests, summary.duration,
    summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout,
    summary.errors.status, latency:percentile(50), latency:percentile(99), summary.bytes))
end
