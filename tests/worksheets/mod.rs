//! Overdue worksheets over the whole program: query, pages, papers, downloads, command line.
