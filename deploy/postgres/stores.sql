-- SPDX-License-Identifier: Apache-2.0
-- Made by tools/gen_deploy.py from topics.yaml: ./dev deploy writes it anew.
-- One schema of one database for each consumer; safe to run again.
CREATE SCHEMA IF NOT EXISTS bookings_notification;
CREATE SCHEMA IF NOT EXISTS bookings_reporting;
CREATE SCHEMA IF NOT EXISTS bookings_workflow;
CREATE SCHEMA IF NOT EXISTS festivo_access_control;
CREATE SCHEMA IF NOT EXISTS festivo_audit;
CREATE SCHEMA IF NOT EXISTS festivo_crowd_monitor;
CREATE SCHEMA IF NOT EXISTS festivo_notification;
CREATE SCHEMA IF NOT EXISTS festivo_orchestrator;
CREATE SCHEMA IF NOT EXISTS festivo_ticket;
CREATE SCHEMA IF NOT EXISTS inventory_management;
CREATE SCHEMA IF NOT EXISTS order_management;
CREATE SCHEMA IF NOT EXISTS product_catalog;
CREATE SCHEMA IF NOT EXISTS product_management_analytics;
CREATE SCHEMA IF NOT EXISTS product_management_audit;
CREATE SCHEMA IF NOT EXISTS product_management_notifications;
CREATE SCHEMA IF NOT EXISTS ticketwave_booking;
CREATE SCHEMA IF NOT EXISTS ticketwave_catalog;
CREATE SCHEMA IF NOT EXISTS ticketwave_notification;
CREATE SCHEMA IF NOT EXISTS ticketwave_payment;
CREATE SCHEMA IF NOT EXISTS viscount_accounting;
CREATE SCHEMA IF NOT EXISTS viscount_analytics;
CREATE SCHEMA IF NOT EXISTS viscount_audit;
CREATE SCHEMA IF NOT EXISTS viscount_customer_service;
CREATE SCHEMA IF NOT EXISTS viscount_fulfillment;
CREATE SCHEMA IF NOT EXISTS viscount_notification;
CREATE SCHEMA IF NOT EXISTS viscount_payment;
CREATE SCHEMA IF NOT EXISTS viscount_procurement;
CREATE SCHEMA IF NOT EXISTS viscount_search;
