-- A poll brings its reports by one statement: what follows from them is done once, and not for each of them. That
-- somebody wrote is looked up before it is written.
CREATE OR REPLACE FUNCTION note_write(of_publisher text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (
    SELECT 1 FROM publisher_writes AS w WHERE w.publisher = of_publisher AND w.xmin = pg_current_xact_id()::xid
  ) THEN
    INSERT INTO publisher_writes AS w (publisher, writes) VALUES (of_publisher, 1)
    ON CONFLICT (publisher) DO UPDATE SET writes = w.writes + 1;
  END IF;
END $$;

DROP TRIGGER reports_per_day_report_comes ON articles;
CREATE TRIGGER reports_per_day_report_goes AFTER DELETE ON articles FOR EACH ROW
  EXECUTE FUNCTION reports_per_day_report();
CREATE FUNCTION reports_per_day_reports_come() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO reports_per_day AS d (publisher, day, held, usable, withdrawn, backfill)
  SELECT a.publisher, substr(a.sort_time, 1, 10), count(*), sum(u.usable), sum(is_withdrawn(a.status, a.notice)),
    sum(u.usable * a.backfill)
  FROM came AS a
  CROSS JOIN LATERAL (SELECT is_usable(a.status, a.embargoed_until, a.publisher, a.class) AS usable) AS u
  WHERE coalesce(a.notice, '') <> 'removed' GROUP BY 1, 2
  ON CONFLICT (publisher, day) DO UPDATE SET held = d.held + excluded.held, usable = d.usable + excluded.usable,
    withdrawn = d.withdrawn + excluded.withdrawn, backfill = d.backfill + excluded.backfill;
  RETURN NULL;
END $$;
CREATE TRIGGER reports_per_day_reports_come AFTER INSERT ON articles REFERENCING NEW TABLE AS came FOR EACH STATEMENT
  EXECUTE FUNCTION reports_per_day_reports_come();

DROP TRIGGER articles_noted ON articles;
CREATE FUNCTION note_articles() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM note_write(p.publisher) FROM (SELECT DISTINCT publisher FROM came) AS p;
  RETURN NULL;
END $$;
CREATE TRIGGER articles_noted AFTER INSERT ON articles REFERENCING NEW TABLE AS came FOR EACH STATEMENT
  EXECUTE FUNCTION note_articles();
CREATE TRIGGER articles_go AFTER DELETE ON articles FOR EACH ROW EXECUTE FUNCTION note_write_of_publisher();
