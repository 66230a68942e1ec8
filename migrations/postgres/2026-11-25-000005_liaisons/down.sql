DROP TABLE liaison_session;
DROP TABLE liaison;
