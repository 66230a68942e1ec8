//! Whom a message about a loan file goes to, and by which way.
