//! Set-based writes, whose SQL differs per database. Mechanics only: the store that owns a
//! table calls these; nothing here knows what a row means.

/// How many bound values one statement may carry: SQLite takes 32,766, PostgreSQL 65,535.
pub const BINDS_MAX: usize = 30_000;

/// Inserts all `rows` (a slice of an `Insertable` with `treat_none_as_default_value = false`
/// of `columns` columns) with as few statements as the databases allow. Evaluates to
/// `QueryResult<usize>`, the number of rows.
#[macro_export]
macro_rules! insert_rows {
    ($db:expr, $table:expr, $columns:expr, $rows:expr) => {{
        let mut done = Ok(0_usize);
        for chunk in $rows.chunks($crate::plumbing::bulk::BINDS_MAX / $columns) {
            let one = $crate::both!(&mut *$db, c => diesel::RunQueryDsl::execute(
                diesel::insert_into($table).values(chunk), c));
            done = match (done, one) {
                (Ok(all), Ok(n)) => Ok(all + n),
                (Err(error), _) | (Ok(_), Err(error)) => Err(error),
            };
            if done.is_err() {
                break;
            }
        }
        done
    }};
}

/// Inserts all `rows`; a row whose `key` columns are there already replaces the columns named in
/// `set` by its own. `QueryResult<usize>`.
#[macro_export]
macro_rules! upsert_rows {
    // Key and columns by their names.
    ($db:expr, $table:ident[$columns:expr], $rows:expr, key = ($($key:ident),+),
        set = ($($set:ident),+ $(,)?)) => {
        $crate::upsert_rows!($db, $table::table, $columns, $rows, key = ($($table::$key),+),
            set = ($($table::$set.eq(diesel::upsert::excluded($table::$set)),)+))
    };
    ($db:expr, $table:expr, $columns:expr, $rows:expr, key = $key:expr, set = $set:expr) => {{
        let mut done = Ok(0_usize);
        for chunk in $rows.chunks($crate::plumbing::bulk::BINDS_MAX / $columns) {
            let one = $crate::both!(&mut *$db, c => diesel::RunQueryDsl::execute(
                diesel::insert_into($table).values(chunk).on_conflict($key).do_update().set($set),
                c));
            done = match (done, one) {
                (Ok(all), Ok(n)) => Ok(all + n),
                (Err(error), _) | (Ok(_), Err(error)) => Err(error),
            };
            if done.is_err() {
                break;
            }
        }
        done
    }};
}

/// Removes the rows of these offices whose `key` is among `keys`. `QueryResult<()>`.
#[macro_export]
macro_rules! remove_rows {
    ($db:expr, $table:expr, $key:expr, $office:expr, $scope:expr, $keys:expr) => {{
        let mut chunks = $keys.chunks($crate::plumbing::bulk::BINDS_MAX);
        chunks.try_for_each(|chunk| {
            let gone = diesel::delete(
                $table.filter($office.eq_any($scope.codes())).filter($key.eq_any(chunk)),
            );
            gone.execute($db).map(|_| ())
        })
    }};
}

/// The rows `$row` of these offices whose `$key` is among `$keys`; fails with `?`.
#[macro_export]
macro_rules! rows_by {
    ($db:expr, $scope:expr, $table:ident.$key:ident in $keys:expr => $row:ty) => {{
        let mut found: Vec<$row> = Vec::new();
        for chunk in $keys.chunks($crate::plumbing::bulk::BINDS_MAX) {
            let of = $table::table
                .filter($scope.holds($table::office_code))
                .filter($table::$key.eq_any(chunk));
            found.extend(of.select(<$row>::as_select()).load($db)?);
        }
        found
    }};
}
