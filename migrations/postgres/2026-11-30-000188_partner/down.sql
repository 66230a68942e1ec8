DROP TABLE partner_entry;
DROP TABLE partner_list;
DROP TABLE partner;
