-- SPDX-License-Identifier: Apache-2.0
-- What wrk sends. Usage: wrk ... -s load.lua URL -- KIND TOKEN CONTACTS FIRST TEMPLATE
--   KIND      healthz, get, list or create
--   CONTACTS  ids 1 to CONTACTS are there
--   FIRST     the number of the first contact to create; the file TEMPLATE holds one with the number
--             99999999, which is replaced
-- Prints one line of JSON at the end, after "result ".
local PATH = "/backend/api/v1"
local PAGE = 50

local function read_template(path)
  local parts, from = {}, 1
  local text = assert(io.open(path)):read("*a")
  repeat
    local first, last = text:find("99999999", from, true)
    parts[#parts + 1] = text:sub(from, (first or 0) - 1)
    from = last and last + 1
  until not from
  return parts
end

local kinds = {}

function kinds.healthz()
  return function() return wrk.format("GET", "/healthz") end
end

function kinds.get(contacts)
  return function()
    return wrk.format("GET", PATH .. "/customerContacts/" .. math.random(contacts))
  end
end

function kinds.list(contacts)
  local target = PATH .. "/customerContacts/?pageSize=" .. PAGE .. "&idAfter="
  return function() return wrk.format("GET", target .. math.random(0, contacts - PAGE)) end
end

function kinds.create(contacts, first, template)
  local parts = read_template(template)
  local number = first
  wrk.headers["Content-Type"] = "application/json"
  return function()
    local customer = string.format("C%05d", math.random(0, contacts / 100 - 1))
    local body = table.concat(parts, string.format("%08d", number))
    number = number + 1
    return wrk.format("POST", PATH .. "/customers/" .. customer .. "/customerContacts/", nil, body)
  end
end

function init(arguments)
  local kind, token, contacts, first, template = unpack(arguments)
  math.randomseed(tonumber(first))
  wrk.headers["Authorization"] = "Bearer " .. token
  request = kinds[kind](tonumber(contacts), tonumber(first), template)
end

function done(summary, latency)
  local errors = summary.errors
  print(string.format(
    'result {"requests": %d, "duration_us": %d, "p50_us": %d, "p99_us": %d, "bytes": %d, ' ..
    '"refused": %d, "broken": %d}',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    summary.bytes, errors.status, errors.connect + errors.read + errors.write + errors.timeout))
end
