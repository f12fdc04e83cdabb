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

function done(summary, latency)
  local failed = summary.errors
  local figures = '{"requests":%d,"microseconds":%d,"bytes":%d,"status":%d,"errors":%d,"p50":%d,"p99":%d}'
  local errors = failed.connect + failed.read + failed.write + failed.timeout
  io.write("\nFIGURES ", string.format(figures, summary.requests, summary.duration, summary.bytes, failed.status,
    errors, latency:percentile(50), latency:percentile(99)), "\n")
end
