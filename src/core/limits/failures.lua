-- How many microseconds a login has to wait for the failures before it; where that is none, -1, and with ARGV[2] = 1
-- one failure more is counted.
-- KEYS: the failures of one account. ARGV: the address; whether to count; how long failures are remembered; the most
-- addresses; free tries and longest pause of an address; the same of the account.
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local key, address, count = KEYS[1], ARGV[1], ARGV[2] == '1'
local remembered, most = tonumber(ARGV[3]), tonumber(ARGV[4])

local function failures(of)
    local last = tonumber(redis.call('HGET', key, 'last ' .. of) or 0)
    local counted = tonumber(redis.call('HGET', key, 'count ' .. of) or 0)
    return counted, last
end

local function wait(of, free, longest)
    local counted, last = failures(of)
    local beyond = counted - free
    if beyond <= 0 then
        return 0
    end
    return last + math.min(2 ^ math.min(beyond - 1, 20) * 1000000, longest) - now
end

local longest = math.max(wait(address, tonumber(ARGV[5]), tonumber(ARGV[6])), wait('', tonumber(ARGV[7]), tonumber(ARGV[8])))
if longest > 0 then
    return longest
end
if not count then
    return -1
end

local function add(of)
    local counted, last = failures(of)
    if now >= last + remembered then
        counted = 0
    end
    redis.call('HSET', key, 'count ' .. of, counted + 1, 'last ' .. of, string.format('%.0f', now))
end

-- One address more than are remembered takes the place of the one that was seen least lately.
if redis.call('HEXISTS', key, 'last ' .. address) == 0 and redis.call('HLEN', key) >= 2 * most + 2 then
    local oldest, at
    local fields = redis.call('HGETALL', key)
    for i = 1, #fields, 2 do
        local of = string.match(fields[i], '^last (.+)$')
        if of and (not at or tonumber(fields[i + 1]) < at) then
            oldest, at = of, tonumber(fields[i + 1])
        end
    end
    redis.call('HDEL', key, 'last ' .. oldest, 'count ' .. oldest)
end
add(address)
add('')
redis.call('PEXPIRE', key, math.ceil(remembered / 1000))
return -1
