-- Which groups and tasks stand under a section, for when it is deleted.
CREATE INDEX group_settings_by_section ON group_settings (section_id) WHERE section_id IS NOT NULL;

CREATE INDEX tasks_by_section ON tasks (section_id) WHERE section_id IS NOT NULL;
