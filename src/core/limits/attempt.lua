-- Counts one attempt (GCRA), or says how many microseconds it has to wait; -1 when it may go on.
-- KEYS: the attempts of one address. ARGV: microseconds from one to the next, how many at once.
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local interval, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local tat = math.max(tonumber(redis.call('GET', KEYS[1]) or 0), now) + interval
local wait = tat - now - interval * burst
if wait > 0 then
    return wait
end
redis.call('SET', KEYS[1], string.format('%.0f', tat), 'PX', math.ceil((tat - now) / 1000))
return -1
