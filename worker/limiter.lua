-- Everything the limiter does at the server; worker/limiter.py says what it means.
-- ARGV[1] names the operation. All times are microseconds of the server's clock unless they end in _ms.

local LANES = 4
local RESERVED_WHILE_ASLEEP = 2 -- approval and urgent, the first two lanes
local UNBOUNDED = 2147483647
local PRECISION = 1000
local FREE, WINDOW, SLOTS, BLOCKED, LOST = 0, 1, 2, 3, 4

local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]

local next_key, next_argument = 0, 1
local function key()
  next_key = next_key + 1
  return KEYS[next_key]
end
local function text()
  next_argument = next_argument + 1
  return ARGV[next_argument]
end
local function number()
  return tonumber(text())
end

-- A key without an expiry has a PTTL of -1, so the first call sets one and later calls only lengthen it.
local function keep(name, duration_ms)
  if redis.call('PTTL', name) < duration_ms then
    redis.call('PEXPIRE', name, duration_ms)
  end
end

local function block(name, duration_ms)
  redis.call('SET', name, 1, 'NX', 'PX', duration_ms)
  keep(name, duration_ms)
end

-- A server that restarted or took over from another may have lost the newest calls and kept the marker.
local function incarnation()
  return string.match(redis.call('INFO', 'server'), 'run_id:(%x+)')
end

-- A call ends when it is answered, until then when its lease does: the scores. It counts while `at` is less than one
-- span after its end. A span of zero counts the calls in flight.
local function count(calls, span, at)
  return redis.call('ZCOUNT', calls, string.format('(%.0f', at - span), '+inf')
end

-- How many calls `lane` may add at `at`, if nothing else happens. Never falls with `at`.
-- Within its own share a lane yields only to the first lanes: a lane that just woke up cannot claim what is spent.
local function room(budget, window, lane, at)
  if window.limit == UNBOUNDED then
    return UNBOUNDED
  end
  local left, own, yielded = window.limit, 0, 0
  for other = 1, LANES do
    local used = count(budget.calls[other], window.span, at)
    local unused = math.max(0, window.floors[other] - used)
    left = left - used
    if other == lane then
      own = unused
    elseif other <= RESERVED_WHILE_ASLEEP then
      left = left - unused
    elseif budget.awake[other] then
      yielded = yielded + unused
    end
  end
  return math.max(left - yielded, math.min(own, left))
end

-- When the lane may add one call, to the millisecond above. Calls in flight are taken as answered now, but for slots,
-- where they end with their leases.
local function opens(budget, window, lane)
  local low, high = now, now + window.span
  if window.span == 0 then
    for _, calls in ipairs(budget.calls) do
      local last = redis.call('ZRANGE', calls, -1, -1, 'WITHSCORES')
      high = math.max(high, tonumber(last[2] or 0))
    end
  end
  while high - low > PRECISION do
    local middle = math.floor((low + high) / 2)
    if room(budget, window, lane, middle) >= 1 then
      high = middle
    else
      low = middle
    end
  end
  return high
end

local function read_budget()
  local budget = { known = key(), blocked = key(), calls = {}, awake = {}, windows = {} }
  for lane = 1, LANES do
    budget.calls[lane] = key()
  end
  budget.longest = number()
  local doze = number()
  for index = 1, number() do
    local window = { limit = number(), span = number(), floors = {} }
    for lane = 1, LANES do
      window.floors[lane] = number()
    end
    budget.windows[index] = window
  end
  local known = redis.call('HMGET', budget.known, 'run', 1, 2, 3, 4)
  budget.run = known[1]
  for lane = 1, LANES do
    local asked = tonumber(known[lane + 1] or 0)
    budget.awake[lane] = asked + doze > now
  end
  return budget
end

local function read_budgets(run)
  local budgets = {}
  for index = 1, number() do
    budgets[index] = read_budget()
    if budgets[index].run ~= run then
      return nil, index
    end
  end
  return budgets
end

-- How many of `want` every budget carries, and how many every window would carry.
local function weigh(budgets, lane, want)
  local granted, free = want, UNBOUNDED
  for _, budget in ipairs(budgets) do
    budget.penalty = math.max(0, redis.call('PTTL', budget.blocked)) * 1000
    if budget.penalty > 0 then
      granted, free = 0, 0
    end
    for _, window in ipairs(budget.windows) do
      local left = math.max(0, room(budget, window, lane, now))
      granted = math.min(granted, left)
      if window.span > 0 then
        free = math.min(free, left)
      end
    end
  end
  return granted, free - granted
end

local function add(budget, lane, granted, lease, nonce)
  local calls = budget.calls[lane]
  redis.call('ZREMRANGEBYSCORE', calls, '-inf', now - budget.longest)
  for index = 1, granted do
    redis.call('ZADD', calls, now + lease, nonce .. index)
  end
  keep(calls, math.ceil((lease + budget.longest) / 1000))
end

-- What takes longest to let one more call through: the wait, the reason, the budget's index.
local function obstacle(budgets, lane)
  local until_open, reason, by = now, FREE, 0
  local function later(at, why, index)
    if at > until_open then
      until_open, reason, by = at, why, index
    end
  end
  for index, budget in ipairs(budgets) do
    later(now + budget.penalty, BLOCKED, index)
    for _, window in ipairs(budget.windows) do
      if room(budget, window, lane, now) < 1 then
        later(opens(budget, window, lane), window.span == 0 and SLOTS or WINDOW, index)
      end
    end
  end
  return until_open - now, reason, by
end

local operations = {}

-- -> {granted, reason, index of the budget that stops the rest, wait, free}
function operations.acquire()
  local lane, want, lease, nonce, keep_ms = number(), number(), number(), text(), number()
  local budgets, lost = read_budgets(incarnation())
  if not budgets then
    return { 0, LOST, lost, 0, 0 }
  end
  local granted, free = weigh(budgets, lane, want)
  for _, budget in ipairs(budgets) do
    redis.call('HSET', budget.known, lane, now)
    keep(budget.known, keep_ms)
    if granted > 0 then
      add(budget, lane, granted, lease, nonce)
    end
  end
  if granted == want then
    return { granted, FREE, 0, 0, free }
  end
  local wait, reason, by = obstacle(budgets, lane)
  return { granted, reason, by, wait, free }
end

local function each_call(deal)
  for _, calls in ipairs(KEYS) do
    local longest_ms = number()
    for _ = 1, number() do
      deal(calls, text())
    end
    keep(calls, longest_ms)
  end
end

-- An entry that is gone comes back: an answer after the lease and the window, or after a loss, still is a call.
function operations.settle()
  each_call(function(calls, id) redis.call('ZADD', calls, now, id) end)
end

function operations.cancel()
  each_call(function(calls, id) redis.call('ZREM', calls, id) end)
end

function operations.block()
  block(KEYS[1], number())
end

function operations.revive()
  local known, blocked = key(), key()
  local keep_ms, penalty_ms = number(), number()
  local run = incarnation()
  if redis.call('HGET', known, 'run') == run then
    return
  end
  redis.call('HSET', known, 'run', run)
  keep(known, keep_ms)
  if penalty_ms > 0 then
    block(blocked, penalty_ms)
  end
end

-- -> {known, penalty in ms, then of each window the use per lane and the wait of the lane for one more call}
function operations.look()
  local budget = read_budget()
  local lane = number()
  local seen = { budget.run == incarnation() and 1 or 0, math.max(0, redis.call('PTTL', budget.blocked)) }
  for _, window in ipairs(budget.windows) do
    for _, calls in ipairs(budget.calls) do
      table.insert(seen, count(calls, window.span, now))
    end
    table.insert(seen, room(budget, window, lane, now) >= 1 and 0 or opens(budget, window, lane) - now)
  end
  return seen
end

return operations[ARGV[1]]()
