-- That somebody wrote is noted once a statement, where a poll writes many rows by one.
DROP TRIGGER article_keys_noted ON article_keys;
CREATE TRIGGER article_keys_noted AFTER INSERT ON article_keys REFERENCING NEW TABLE AS came FOR EACH STATEMENT
  EXECUTE FUNCTION note_articles();
CREATE TRIGGER article_keys_change_noted AFTER UPDATE OR DELETE ON article_keys FOR EACH ROW
  EXECUTE FUNCTION note_write_of_publisher();
DROP TRIGGER near_keys_noted ON near_keys;
CREATE TRIGGER near_keys_noted AFTER INSERT ON near_keys REFERENCING NEW TABLE AS came FOR EACH STATEMENT
  EXECUTE FUNCTION note_articles();
CREATE TRIGGER near_keys_change_noted AFTER UPDATE OR DELETE ON near_keys FOR EACH ROW
  EXECUTE FUNCTION note_write_of_publisher();

DROP TRIGGER articles_change_noted ON articles;
CREATE FUNCTION note_articles_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM note_write(p.publisher) FROM (
    SELECT unnest(ARRAY[w.publisher, c.publisher]) AS publisher FROM was AS w JOIN came AS c USING (article_id)
    WHERE (w.publisher, w.id, w.url, w.title, w.byline, w.published, w.updated, w.language, w.sort_time, w.first_seen,
        w.revision, w.status, w.backfill, w.embargoed_until, w.notice, w.released_seq IS NULL)
      IS DISTINCT FROM (c.publisher, c.id, c.url, c.title, c.byline, c.published, c.updated, c.language, c.sort_time,
        c.first_seen, c.revision, c.status, c.backfill, c.embargoed_until, c.notice, c.released_seq IS NULL)
    GROUP BY 1
  ) AS p;
  RETURN NULL;
END $$;
CREATE TRIGGER articles_change_noted AFTER UPDATE ON articles REFERENCING OLD TABLE AS was NEW TABLE AS came
  FOR EACH STATEMENT EXECUTE FUNCTION note_articles_change();
