-- What workers on several machines know of each other, in the schema `engine`, beside Procrastinate's own tables. Nothing
-- here is the wire's: it may be deleted while no worker runs, and is made anew by the next one.

CREATE SCHEMA IF NOT EXISTS engine;

CREATE TABLE engine.made (               -- what of Procrastinate's schema has been applied
    name text PRIMARY KEY,               -- of a file of its folder sql/
    applied_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE engine.workers (            -- the programs that poll just now
    worker_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    host text NOT NULL,
    pid bigint NOT NULL,
    version text NOT NULL,               -- of the program
    started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    seen_at timestamptz NOT NULL DEFAULT clock_timestamp(),  -- its last sign of life
    lost_after double precision NOT NULL,  -- seconds without a sign of life, after which it counts as lost
    doing text NOT NULL DEFAULT '{}'     -- JSON: how many tasks of each kind it does
);

CREATE TABLE engine.domains (            -- registrable domains that were asked, and what one program does at a time
    domain text PRIMARY KEY,
    next_start timestamptz NOT NULL DEFAULT '-infinity',   -- before then no request begins
    paused_at timestamptz NOT NULL DEFAULT '-infinity',    -- when it asked to be left alone
    paused_until timestamptz NOT NULL DEFAULT '-infinity'
) WITH (fillfactor = 50);

CREATE TABLE engine.places (             -- requests under way
    domain text NOT NULL,
    worker_id bigint NOT NULL REFERENCES engine.workers ON DELETE CASCADE,
    place bigint NOT NULL,               -- a number that the worker gives
    PRIMARY KEY (worker_id, place)
);
CREATE INDEX places_of_domain ON engine.places (domain);

-- So long after its start the server gives out nothing: workers that lost their connection note again what they hold, and
-- what was written in the last moments before a crash, and not to the disk yet, has had its time.
CREATE FUNCTION engine.is_starting() RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT clock_timestamp() < pg_postmaster_start_time() + interval '3 seconds'
$$;

-- Takes a place of a domain; false: `most` are taken. A worker that is lost holds none.
CREATE FUNCTION engine.take_place(of text, by bigint, number bigint, most bigint)
RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    IF engine.is_starting() THEN
        RETURN false;
    END IF;
    INSERT INTO engine.domains (domain) VALUES (of) ON CONFLICT DO NOTHING;
    PERFORM 1 FROM engine.domains WHERE domain = of FOR UPDATE;  -- one at a time
    IF (SELECT count(*) FROM engine.places AS p JOIN engine.workers AS w USING (worker_id)
        WHERE p.domain = of AND w.seen_at > clock_timestamp() - make_interval(secs => w.lost_after)) >= most THEN
        RETURN false;
    END IF;
    INSERT INTO engine.places (domain, worker_id, place) VALUES (of, by, number);
    RETURN true;
END
$$;

-- Seconds to wait until a domain may be asked, and 0; or 0: now, the next start is `apart` seconds later, and a number by
-- which this one is known. `held`: the number of a start that was given and did not leave; where it is the latest, another
-- one stands in its place.
CREATE FUNCTION engine.start(
    of text, apart double precision, held double precision, OUT wait double precision, OUT number double precision
) LANGUAGE plpgsql AS $$
DECLARE
    free_at timestamptz;
    at timestamptz;
BEGIN
    wait := 0;
    number := 0;
    IF engine.is_starting() THEN
        wait := 0.5;
        RETURN;
    END IF;
    INSERT INTO engine.domains (domain) VALUES (of) ON CONFLICT DO NOTHING;
    SELECT next_start INTO free_at FROM engine.domains WHERE domain = of FOR UPDATE;
    at := clock_timestamp();
    IF free_at > at AND extract(epoch FROM free_at)::double precision <> held THEN
        wait := extract(epoch FROM free_at - at);
        RETURN;
    END IF;
    IF apart > 0 THEN
        free_at := at + make_interval(secs => apart);
        UPDATE engine.domains SET next_start = free_at WHERE domain = of;
        number := extract(epoch FROM free_at);
    END IF;
END
$$;
