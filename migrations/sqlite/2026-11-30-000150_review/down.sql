DROP TABLE review_look;
DROP TABLE review;
