-- For wrk: one kind of request over and over, chosen by the first argument after `--`, and a line of
-- figures at the end. Names of lookups never repeat.

local kind
local prefix
local count = 0
local threads = 0

function setup(thread)
    threads = threads + 1
    thread:set("id", threads)
end

local function constant(method, path, body)
    local text
    return function()
        text = text or wrk.format(method, path, nil, body)
        return text
    end
end

local kinds = {
    baseline = constant("GET", "/baseline"),
    health = constant("GET", "/health"),
    metrics = constant("GET", "/metrics"),
    validate_get = constant("GET", "/tools/validate?ip=192.0.2.7"),
    validate_post = constant("POST", "/tools/validate", '{"ip":"192.0.2.7"}'),
    lookup = function()
        count = count + 1
        return wrk.format("GET", "/tools/lookup?domain=" .. prefix .. count .. ".bench.test")
    end,
}

function init(args)
    kind = assert(kinds[args[1]], "no such kind of request")
    math.randomseed(os.time() * 1000 + id)
    prefix = string.format("%s%x-%d-", args[2], math.random(0, 0x7fffffff), id)
end

function request()
    return kind()
end

function done(summary, latency)
    local errors = summary.errors
    io.write(string.format("FIGURES %d %d %d %d %d\n", summary.requests,
        errors.connect + errors.read + errors.write + errors.status + errors.timeout,
        summary.duration, latency:percentile(50), latency:percentile(99)))
end
