insert into orders values (3, 'acme', 5.00, '2024-01-03');
update orders set amount = 0 where order_id = 1;
