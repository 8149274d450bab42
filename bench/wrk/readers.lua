-- What both scripts share: arguments, the lists of readers, and how a run ends.

local readers = {}

-- The lists that the bench wrote, with chance begun anew.
--   args     1 the file of the lists, 2 a number that no other run has
--   Returns the lists; their `run` is that number.
function readers.begun(args)
  local lists = dofile(args[1])
  lists.run = tonumber(args[2])
  math.randomseed(lists.run % 2147483647)
  return lists
end

-- One of a list, by chance.
local function any(list)
  return list[math.random(#list)]
end

-- A reader who has not sent anything: three pages, and what is sent with each of the hits.
--   lists    as begun() returns them  host  whose pages are read
function readers.new_reader(lists, host)
  local address = string.format('%d.%d.%d.%d', any(lists.networks),
    math.random(254), math.random(254), math.random(254))
  return {
    pages = { math.random(lists.pages), math.random(lists.pages), math.random(lists.pages) },
    referrer = any(lists.referrers),
    sent = 0,
    headers = {
      ['Origin'] = 'https://' .. host,
      ['User-Agent'] = any(lists.agents),
      ['X-Forwarded-For'] = address,
      ['Content-Type'] = 'text/plain',
    },
  }
end

-- Writes what came out as one line of JSON, the last one that wrk prints.
--   summary, latency   as wrk hands them to done()
function readers.tell(summary, latency)
  local failed = summary.errors.connect + summary.errors.read + summary.errors.write
    + summary.errors.timeout
  io.write(string.format(
    '{"requests": %d, "microseconds": %d, "failed": %d, "refused": %d, "p50": %d, "p99": %d}\n',
    summary.requests, summary.duration, failed, summary.errors.status,
    latency:percentile(50), latency:percentile(99)))
end

return readers
