-- Roles that may do no more than they need. To be run as the owner of dns_lookups (the role the
-- module once ran with under dns_tools_schema create, or who ran partitioning-new.sql), who must be
-- allowed to create roles. Give them passwords or other ways to log in of your own choice.

-- Saves lookups, with `dns_tools_schema verify`:
--     dns_tools_database "host=db.example.com dbname=dns_tools user=dns_tools_writer";
CREATE ROLE dns_tools_writer LOGIN;
GRANT INSERT ON dns_lookups TO dns_tools_writer;

-- Shows them in /history, perhaps from a replica:
--     dns_tools_database_reads "host=replica.example.com dbname=dns_tools user=dns_tools_reader";
-- Without that directive dns_tools_writer reads, and needs this, too.
CREATE ROLE dns_tools_reader LOGIN;
GRANT SELECT ON dns_lookups, dns_lookup_addresses TO dns_tools_reader;

-- Only with dns_tools_retention, which reads the ids of what it deletes:
GRANT SELECT (id), DELETE ON dns_lookups TO dns_tools_writer;
