-- +goose Up

-- Totals of organizations by slot have the slots before this moment; without a row, none. What
-- is later is read from the totals of codes and items.
CREATE TABLE organization_fold (
    id     smallint PRIMARY KEY CHECK (id = 1),
    before bigint NOT NULL
);
INSERT INTO organization_fold SELECT 1, max(slot) + 1 FROM total_organization WHERE organization = 0 AND level = 0
    HAVING max(slot) IS NOT NULL;

-- +goose Down

INSERT INTO total_organization (organization, level, slot, type, count, late) SELECT o.id, 0, t.slot, t.type,
    least(sum(t.count), 9223372036854775807)::bigint, least(sum(t.late), 9223372036854775807)::bigint
    FROM total t JOIN item i ON i.id = t.item CROSS JOIN LATERAL (VALUES (0), (i.organization)) o (id)
    WHERE t.slot >= coalesce((SELECT before FROM organization_fold), 0) GROUP BY 1, 3, 4 ORDER BY 1, 3, 4;
DROP TABLE organization_fold;
