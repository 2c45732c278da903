create table orders (order_id integer primary key, customer text, amount numeric(10, 2), placed_on date);
insert into orders values (1, 'acme', 10.50, '2024-01-01'), (2, 'zeta', 99.99, '2024-01-02');
