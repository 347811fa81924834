"""The Lua scripts of RedisStore. KEYS[1] is the view's hash; each runs as one step that nothing interrupts.

A claim and a write may be carried out twice (the client library repeats a command whose answer was lost):
the token of a claim and the number of a write make the repetition harmless. A write says which one it follows: a Redis
that has forgotten that one (it was restored from a file, or a replica took over) has an old view, as good as none.
"""

from __future__ import annotations

CREATE = """
if redis.call('EXISTS', KEYS[1]) == 1 then
  return redis.call('HGET', KEYS[1], 't') == ARGV[2] and 1 or 0
end
redis.call('HSET', KEYS[1], 'g', 1, 't', ARGV[2])
for i = 3, #ARGV, 2 do redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1]) end
redis.call('EXPIRE', KEYS[1], ARGV[1])
return 1
"""
"""ARGV: ttl, token, then key, value, …"""

RECREATE = """
local g = redis.call('HGET', KEYS[1], 'g')
if g and tonumber(g) > tonumber(ARGV[2]) then return 0 end
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'g', ARGV[2])
for i = 3, #ARGV, 2 do redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1]) end
redis.call('EXPIRE', KEYS[1], ARGV[1])
return 1
"""
"""ARGV: ttl, generation, then key, value, …"""

CLAIM = """
local old = redis.call('HGET', KEYS[1], 'g')
if not old then return nil end
old = tonumber(old)
if redis.call('HGET', KEYS[1], 't') == ARGV[3] then
  old = old - 1
else
  redis.call('HSET', KEYS[1], 'g', old + 1, 't', ARGV[3])
  redis.call('EXPIRE', KEYS[1], ARGV[1])
end
if old == tonumber(ARGV[2]) then return {old + 1, {}} end
return {old + 1, redis.call('HGETALL', KEYS[1])}
"""
"""ARGV: ttl, generation of the caller's copy (-1: none), token"""

WRITE = """
local g = redis.call('HGET', KEYS[1], 'g')
if not g or tonumber(g) < tonumber(ARGV[1]) then return -1 end
if g ~= ARGV[1] then return 0 end
local last = redis.call('HGET', KEYS[1], 'w')
if ARGV[4] ~= '' and last ~= ARGV[4] and last ~= ARGV[3] then return -1 end
if ARGV[3] ~= '' then redis.call('HSET', KEYS[1], 'w', ARGV[3]) end
local at = 5
local function part()
  local first = at + 1
  at = first + tonumber(ARGV[at])
  return first, at - 1
end
local from, to = part()
for i = from, to, 2 do redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1]) end
from, to = part()
for i = from, to do redis.call('HDEL', KEYS[1], ARGV[i]) end
local function log(name)
  local known = redis.call('HGET', KEYS[1], 'n:' .. name)
  if not known then return 0, '' end
  local pieces, number = string.match(known, '^(%d+) (.*)$')
  return tonumber(pieces), number
end
from, to = part()
for i = from, to, 2 do
  redis.call('HSET', KEYS[1], 'f:' .. ARGV[i], ARGV[i + 1])
  local pieces = log(ARGV[i])
  for n = 1, pieces do redis.call('HDEL', KEYS[1], 'l:' .. ARGV[i] .. ':' .. n) end
  if pieces > 0 then redis.call('HDEL', KEYS[1], 'n:' .. ARGV[i]) end
end
from, to = part()
for i = from, to, 2 do
  local pieces, number = log(ARGV[i])
  if number ~= ARGV[3] then pieces = pieces + 1 end
  redis.call('HSET', KEYS[1], 'n:' .. ARGV[i], pieces .. ' ' .. ARGV[3], 'l:' .. ARGV[i] .. ':' .. pieces, ARGV[i + 1])
end
redis.call('EXPIRE', KEYS[1], ARGV[2])
return 1
"""
"""ARGV: generation, ttl, number of the write ('': it says nothing), number of the one before ('': not known), then four
parts, each after its length: sets, deletions, bases, logs"""

FORGET = """
if redis.call('HGET', KEYS[1], 'g') == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
"""
"""ARGV: generation"""

REVOKE = """
local epoch = math.max(tonumber(redis.call('GET', KEYS[1]) or '0') + 1, tonumber(redis.call('TIME')[1]))
redis.call('SET', KEYS[1], string.format('%d', epoch), 'EX', ARGV[1])
return epoch
"""
"""ARGV: ttl. The epoch is not less than the time: one that was forgotten begins above all that sessions have noted."""
