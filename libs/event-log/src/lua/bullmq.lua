-- Everything that reads BullMQ's private keys (version 6.7.0, pinned; work-queue.int.test.ts is the contract). `queue` is its queue's name.
local Q = P .. ':' .. (A.queue or '') .. ':'

-- The job that represents a key: it waits or runs.
local function job_of(key) return redis.call('GET', Q .. 'de:' .. key) end

-- A live worker holds the lock of an active job.
local function is_active(job) return redis.call('EXISTS', Q .. job .. ':lock') == 1 end

local function holds_lock(job, token) return redis.call('GET', Q .. job .. ':lock') == token end

local function waits_with_priority(job) return redis.call('ZSCORE', Q .. 'prioritized', job) ~= false end

-- True when a due key needs a job. The run of an active job may have begun before the mark or be over already, so the key is queued once more
-- behind it. A job that waits among timed work is to be moved to the front.
-- `marked`: this call has marked the key, so it is known to be due.
local function wants_queueing(key, marked)
  if not marked and not redis.call('ZSCORE', DUE, key) then return false end
  local job = job_of(key)
  return not job or is_active(job) or waits_with_priority(job)
end
