DROP TABLE receipt_chase;
DROP TABLE university_contact;
