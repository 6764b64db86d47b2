-- +goose Up

-- Operation types that organizations defined. Their number is bounded.
CREATE TABLE organization_type (
    organization INTEGER NOT NULL REFERENCES organization (id),
    type         INTEGER NOT NULL REFERENCES operation_type (id),
    PRIMARY KEY (organization, type)
) STRICT, WITHOUT ROWID;
INSERT INTO organization_type SELECT DISTINCT i.organization, t.type FROM total t JOIN item i ON i.id = t.item;

-- +goose Down

DROP TABLE organization_type;
