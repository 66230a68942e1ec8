DROP TABLE matching_hit;
DROP TABLE matching_entry;
DROP TABLE matching_list;
