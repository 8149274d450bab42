#!lua name=luot_v1
-- Luot's counting, as one library of functions: everything that must happen at once is here.
--
-- A hit is decided when it is applied: repeat or not, new visitor or not, new visit or not. Every
-- number follows from these decisions by addition, so nothing is estimated and nothing is counted
-- again later. A function first reads, then decides, and writes at its very end, because a
-- function that fails half way keeps what it wrote.
--
-- Keys of a site S; all carry its hash tag, so that a site lives in one slot of a cluster:
--
--   luot:{S}:state           hash    epoch, phase, server, tip, number: where the site stands;
--                                    views, visits, visitors, events: all that was measured;
--                                    baseline_views, baseline_visits, baseline_version: its past;
--                                    changed: when a number last changed, in ms since 1970;
--                                    trend: landmark and half-life of scores, in ms;
--                                    corrected: the last step of corrections that was applied;
--                                    restoring: the epoch of a restore that is under way;
--                                    m:<minute mod 60>: "<minute since 1970> <views in it>";
--                                    p:<producer>: "<last seq> <when, in ms>". Lives for ever.
--   luot:{S}:pages           hash    path -> "views visits visitors day today before
--                                    baseline_views baseline_visits". Lives for ever, capped.
--                                    A page that has moved has "> digest path" instead.
--   luot:{S}:days            hash    site-day -> "views visits visitors"; site-day+ -> the same, as
--                                    imported histories tell it. The newest 62 days stay.
--   luot:{S}:trending        zset    path -> its score: views, weighed by age. Lives for ever, at
--                                    most 1,000 pages.
--   luot:{S}:online          zset    visitor -> time of the last hit in ms. Gone after an hour.
--   luot:{S}:delta           hash    what was added since the last snapshot; see below.
--   luot:{S}:delta:<token>   hash    the same, closed, until SQL has it.
--   luot:{S}:salt:<day>      string  the salt of a site-day. Gone 24 hours after its end.
--   luot:{S}:visitors:<day>  hash    visitor -> minute and hits in it, the first pages it viewed
--                                    (6 characters each), then its visits, each with
--                                    start, end, time of its last view, hour, whether engaged
--                                    (2 more: nothing of them was counted that day yet),
--                                    last path, origin, the day it belongs to, and its copy
--                                    on the other side of midnight; packed
--                                    by 3_batch. Times are ms from the beginning of the site-day.
--                                    Gone 24 hours after its end, or after the last write to a
--                                    day that was opened again; so is the next one.
--   luot:{S}:views:<day>     hash    visitor (10) .. page (6) -> a character for each visit that
--                                    viewed it; then, where double clicks are looked for, a blank
--                                    and when it was asked for last. "#pages" -> new pages.
--   luot:{S}:ids:<slot>      set     ids that arrived in ten minutes. Gone an hour after a write.
--   luot:{S}:batch:<name>    string  a batch that was applied. Gone after a day.
--   luot:notes               hash    what the scheduler tells of its jobs. No function reads it.
--
-- Fields of a delta, parts divided by TAB. Most are how often something happened; what follows from
-- them for hours, pages and dimensions is worked out where they are added to SQL:
--
--   c <day> <hour> <what> <path> <source> <channel> <combination>
--                                    hits; what is a sum of: 1 view, 2 new visit, 4 new visitor,
--                                    8 the visit's first view of the page, 16 the visitor's,
--                                    32 event. The combination is all other dimensions' values
--   v <day> <hour> <what> <from> <to>   visits that began in this hour and went on; what is a sum
--                                    of: 1 it is engaged now, 2 it left a page for another,
--                                    4 it viewed its first page, having begun with events
--   e <day> <hour> <path>            seconds of attention
--   f <day> <hour> <reason>          requests that were filtered, or late, for the site
--   p <producer>                     its last seq: the watermark
--   r <day> <producer> <seq>         for each reader of the batch who began to read one more page:
--                                    this page and those before it, 6 characters each
--   t <path>                         the page's newest title, and a host behind a TAB where that is
--                                    not the site's first
--   n <producer> <seq>               for each visitor of the batch who sent a page with a title: 6
--                                    characters of the page's digest and 6 of the title's
--   i <file>                         lines of an imported file that are done
--   l rules                          the rules of dimensions, as the last batch brought them
--   m token|number|parent|epoch|fields   written when it is closed

-- 2^53 - 1: up to here Lua, JSON readers and browsers hold a number exactly.
local LARGEST = 9007199254740991

-- A gap of this many ms or more ends a visit.
local VISIT_GAP = 1800000

-- A site-day is closed this many ms after its end.
local DAY_MS = 86400000

-- Seconds that a slot of ids lives after its last write.
local IDS_TTL = 3600

-- Seconds that the name of a batch is remembered.
local BATCH_TTL = 86400

-- ms after which a visitor is online by no setting.
local ONLINE_MS = 1800000

-- Minutes whose views are kept: each has its place in a ring of so many.
local MINUTES = 60

-- Fields that one command is given at most; Lua's stack holds 8,000 values.
local CHUNK = 1000

local OTHER = '(other)'

-- The row of a page that has none, and how often a page may have moved.
local NO_NUMBERS, MOST_MOVES = '0 0 0 0000-00-00 0 0 0 0', 8

-- A whole number as text. Lua's own conversion turns 10^14 into 1e+14.
--   number   a whole number, at most 2^53
--   Returns its decimal digits.
local function digits(number)
  return string.format('%.0f', number)
end

-- Calls a command with a key and a list of any length, CHUNK parts at a time (an even number).
--   command  one that takes a key and then pairs
--   list     field, value, field, value ...; nothing is called when it is empty
local function call_in_chunks(command, key, list)
  for first = 1, #list, CHUNK do
    redis.call(command, key, unpack(list, first, math.min(first + CHUNK - 1, #list)))
  end
end
