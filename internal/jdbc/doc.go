// Package jdbc tries connections: it reads the URLs of JDBC and of the other
// connections of Glue, and connects to what they name, with a real login where
// it speaks the database's protocol (PostgreSQL, Amazon Redshift, MySQL, MariaDB)
// and to the port alone elsewhere.
package jdbc
