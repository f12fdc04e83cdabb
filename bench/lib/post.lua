-- For wrk: the same request again and again, its body from the file $BODY; one line of figures at the end.
local file = assert(io.open(os.getenv("BODY"), "rb"))
wrk.method = "POST"
wrk.body = file:read("*a")
file:close()
wrk.headers["Content-Type"] = "application/json"
local token = os.getenv("TOKEN")
if token and token ~= "" then
  wrk.headers["Authorization"] = "Bearer " .. token
end

-- Looking at each answer costs wrk time, so it is done where there are few of them.
refused = 0
if os.getenv("JUDGED") == "yes" then
  function response(status, headers, body)
    if body:find('"errors"', 1, true) then
      refused = refused + 1
    end
  end
end

local threads = {}

function setup(thread)
  table.insert(threads, thread)
end

function done(summary, latency)
  local refusals = 0
  for _, thread in ipairs(threads) do
    refusals = refusals + thread:get("refused")
  end
  local failed = summary.errors
  local figures = '{"requests":%d,"microseconds":%d,"bytes":%d,"status":%d,"errors":%d,"refused":%d,"p50":%d,"p99":%d}'
  local errors = failed.connect + failed.read + failed.write + failed.timeout
  io.write("\nFIGURES ", string.format(figures, summary.requests, summary.duration, summary.bytes, failed.status,
    errors, refusals, latency:percentile(50), latency:percentile(99)), "\n")
end
