-- Walks through a file of tokens in order, so that N of them are pure hits for a cache of N and
-- pure misses for a smaller one. wrk -s tokens.lua URL -- FILE FIRST
local requests = {}
local at = 0

function init(args)
  local host = wrk.headers["Host"]
  for token in io.lines(args[1]) do
    requests[#requests + 1] = wrk.format("GET", nil, { ["Host"] = host, ["Authorization"] = "Bearer " .. token })
  end
  at = tonumber(args[2] or 0) % #requests
end

function request()
  at = at % #requests + 1
  return requests[at]
end

function done(summary, latency)
  io.write(string.format("RESULT %d %d %d %d %d %d\n", summary.requests, summary.duration,
    summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout,
    summary.errors.status, latency:percentile(50), latency:percentile(99)))
end
