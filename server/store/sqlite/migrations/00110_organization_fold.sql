-- +goose Up

-- Totals of organizations by slot have the slots before this moment; without a row, none. What
-- is later is read from the totals of codes and items.
CREATE TABLE organization_fold (
    id     INTEGER PRIMARY KEY CHECK (id = 1),
    before INTEGER NOT NULL
) STRICT;
INSERT INTO organization_fold SELECT 1, max(slot) + 1 FROM total_organization WHERE organization = 0 AND level = 0
    HAVING max(slot) IS NOT NULL;

-- +goose Down

-- Sums stop at the largest number.
INSERT INTO total_organization (organization, level, slot, type, count, late) SELECT i.organization, 0, t.slot, t.type,
    iif(sum(t.count >> 32) + (sum(t.count & 4294967295) >> 32) >= 2147483648, 9223372036854775807, (sum(t.count >> 32) << 32) + sum(t.count & 4294967295)),
    iif(sum(t.late >> 32) + (sum(t.late & 4294967295) >> 32) >= 2147483648, 9223372036854775807, (sum(t.late >> 32) << 32) + sum(t.late & 4294967295))
    FROM total t JOIN item i ON i.id = t.item
    WHERE t.slot >= coalesce((SELECT before FROM organization_fold), 0) GROUP BY 1, 3, 4;
INSERT INTO total_organization (organization, level, slot, type, count, late) SELECT 0, 0, slot, type,
    iif(sum(count >> 32) + (sum(count & 4294967295) >> 32) >= 2147483648, 9223372036854775807, (sum(count >> 32) << 32) + sum(count & 4294967295)),
    iif(sum(late >> 32) + (sum(late & 4294967295) >> 32) >= 2147483648, 9223372036854775807, (sum(late >> 32) << 32) + sum(late & 4294967295))
    FROM total WHERE slot >= coalesce((SELECT before FROM organization_fold), 0) GROUP BY slot, type;
DROP TABLE organization_fold;
